/** Runs in the page: notes the ghost text of each frame that shows another than the one before, and when a key was pressed. */
export function watch() {
  globalThis.infillGhost = () => {
    const editor = document.querySelector('.monaco-editor.focused') ?? document.querySelector('.editor-group-container.active .monaco-editor');
    if (!editor) return '';
    const plain = element => element.textContent.replaceAll('\u00a0', ' ').replaceAll('\u200b', '').replaceAll('\u200c', '');
    const inline = [...editor.querySelectorAll('.ghost-text-decoration, .ghost-text-decoration-preview')].map(plain).join('');
    const below = [...editor.querySelectorAll('.suggest-preview-text .view-line, .ghost-text .view-line')].map(plain);
    return [inline, ...below].join('\n').replace(/\n+$/, '');
  };
  globalThis.infillFrames = [];
  if (globalThis.infillIsWatching) return;
  globalThis.infillIsWatching = true;
  addEventListener('keydown', () => { globalThis.infillPressed = performance.now(); }, { capture: true });
  let last = '';
  const look = () => {
    const ghost = globalThis.infillGhost();
    if (ghost !== last || globalThis.infillFrames.length === 0) globalThis.infillFrames.push({ at: performance.now(), ghost });
    last = ghost;
    requestAnimationFrame(look);
  };
  look();
}
