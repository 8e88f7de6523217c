// A user at a real VS Code: installs the extension, opens a project, types, and prints what was on the screen and in the
// files, as one JSON object by scenario. It judges nothing; the tests read the report.
//   node workbench.mjs CODE_SERVER VSIX OUT [SCENARIO...]
// OUT takes screenshots.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { watch } from './frames.mjs';
import { messagesIn } from './wire.mjs';

const [codeServer, vsix, out, ...wanted] = process.argv.slice(2);
const patience = 60_000;
const work = mkdtempSync(join(tmpdir(), 'infill-vscode-'));
const project = join(work, 'project');
const toServer = join(work, 'to-server');
const fromServer = join(work, 'from-server');
let lost = 0; // requests that died with a server
const text = readFileSync(new URL('../shapes.py', import.meta.url), 'utf8');
mkdirSync(out, { recursive: true });

const userSettings = {
  'security.workspace.trust.enabled': false,
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.colorTheme': 'Default Dark Modern',
  'workbench.layoutControl.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'editor.autoIndent': 'none',
  'editor.autoClosingBrackets': 'never',
  'editor.minimap.enabled': false,
  'editor.quickSuggestions': { other: 'off' }, // by hand only: the suggest widget has a scenario of its own
  'files.autoSave': 'off',
  'telemetry.telemetryLevel': 'off',
  'extensions.ignoreRecommendations': true,
  'terminal.integrated.gpuAcceleration': 'off', // its text is in the page
  'infill.deadline': 60000, // whole suggestions from the whole prompt, however busy the machine is and unsure the model
  'infill.promptBudget': 60000,
  'infill.confidence': 0,
  'infill.backOff': false,
  'infill.contextTokens': 0, // the scenarios' files are alike: what one has half typed would be suggested in the next
  '[plaintext]': { 'editor.inlineSuggest.enabled': false },
};

class Workbench {
  static async open() {
    const bench = new Workbench();
    mkdirSync(join(work, 'user', 'User'), { recursive: true });
    mkdirSync(project);
    for (const name of ['warm', ...Object.keys(scenarios)]) writeFileSync(join(project, `${name}.py`), text);
    writeFileSync(join(project, 'notes.txt'), text);
    writeFileSync(join(project, 'study.ipynb'), notebook(text.slice(0, text.lastIndexOf('class ')), 'class Pyramid:\n'));
    writeFileSync(join(work, 'user', 'User', 'settings.json'), JSON.stringify(userSettings, null, 2));
    const folders = ['--user-data-dir', join(work, 'user'), '--extensions-dir', join(work, 'extensions')];
    execFileSync(codeServer, [...folders, '--install-extension', vsix], { stdio: 'pipe' });
    listenIn();

    bench.hub = await openHub();
    await bench.start('user', `folder=${project}`, ['--disable-workspace-trust'], {});
    await bench.warmUp();
    return bench;
  }

  /** Another VS Code beside the first, that trusts no workspace; what each of its servers is told is kept apart. */
  static async besideUntrusting(address) {
    const bench = new Workbench();
    Workbench.others.push(bench);
    const [name, wire] = [`user${Workbench.others.length}`, mkdtempSync(join(work, 'wire-'))];
    bench.wire = join(wire, 'to-server');
    mkdirSync(join(work, name, 'User'), { recursive: true });
    const settings = { ...userSettings, 'security.workspace.trust.enabled': true, 'security.workspace.trust.startupPrompt': 'never', 'security.workspace.trust.banner': 'never' };
    writeFileSync(join(work, name, 'User', 'settings.json'), JSON.stringify(settings));
    await bench.start(name, address, [], { INFILL_WIRE: wire });
    return bench;
  }

  static others = [];

  /** Starts a VS Code with that user's settings and opens it. */
  async start(user, address, more, variables) {
    this.port = await freePort();
    const environment = {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('INFILL_'))),
      XDG_CONFIG_HOME: work, XDG_DATA_HOME: join(work, 'data'), XDG_CACHE_HOME: join(work, 'cache'), XDG_STATE_HOME: join(work, 'state'),
      XDG_RUNTIME_DIR: join(work, user, 'run'), // an engine is this user's alone
      HF_ENDPOINT: `http://127.0.0.1:${this.hub?.address().port}`, no_proxy: '127.0.0.1', ...variables,
    };
    const folders = ['--user-data-dir', join(work, user), '--extensions-dir', join(work, 'extensions')];
    this.server = spawn(codeServer, [...folders, '--auth', 'none', '--bind-addr', `127.0.0.1:${this.port}`, '--disable-telemetry', '--disable-update-check', ...more],
      { stdio: ['ignore', 'pipe', 'pipe'], env: environment, detached: true });
    this.server.stdout.on('data', data => appendFileSync(join(work, 'code-server.log'), data));
    this.server.stderr.on('data', data => appendFileSync(join(work, 'code-server.log'), data));
    await until(async () => (await fetch(`http://127.0.0.1:${this.port}/healthz`)).ok);

    this.browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] });
    this.page = await this.browser.newPage({ viewport: { width: 1000, height: 1000 } });
    await this.page.goto(`http://127.0.0.1:${this.port}/?${address}`);
    await this.page.locator('.monaco-workbench').waitFor({ timeout: patience });
    await this.page.locator('.statusbar-item [aria-label*="Infill: Ready"], .statusbar-item[aria-label*="Infill: Ready"]').first().waitFor({ timeout: patience });
  }

  /** In a window that has only just opened, VS Code asks its providers some keys late. */
  async warmUp() {
    await this.edit('warm');
    await until(async () => {
      await this.type('x');
      return asked().all > 0;
    });
    await until(isQuiet);
  }

  async close() {
    for (const other of Workbench.others.splice(0)) await other.stop();
    await this.stop();
    for (const id of [...servers(), ...engines()]) {
      try {
        process.kill(id, 'SIGKILL'); // engines outlive the editor, as they are meant to
      } catch {
        // It has ended.
      }
    }
    rmSync(work, { recursive: true, force: true, maxRetries: 5 });
  }

  async stop() {
    await this.browser?.close();
    this.hub?.close();
    if (this.server) {
      try {
        process.kill(-this.server.pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
  }

  async openFile(name) {
    this.file = join(project, name);
    await this.page.keyboard.press('Control+p');
    await this.page.locator('.quick-input-widget input').first().waitFor();
    await this.page.keyboard.type(name);
    await this.page.locator('.quick-input-list .monaco-list-row.focused').first().waitFor();
    await until(async () => (await this.page.locator('.quick-input-list .monaco-list-row.focused').first().textContent()).includes(name));
    await this.page.keyboard.press('Enter');
    await until(async () => (await this.page.locator('.tab.active').textContent()).includes(name));
  }

  /** The scenario's own file, which holds the sample, and the cursor at its end. */
  async edit(name, ending = 'py') {
    await this.openFile(`${name}.${ending}`);
    await this.page.locator('.monaco-editor.focused .view-line').first().waitFor({ timeout: patience });
    await this.page.keyboard.press('Control+End');
    await this.page.evaluate(watch);
  }

  ghost() {
    return this.page.evaluate(() => globalThis.infillGhost());
  }

  /** Every ghost text since the file was opened, by frames. */
  frames() {
    return this.page.evaluate(() => globalThis.infillFrames);
  }

  status() {
    return this.page.evaluate(() => [...document.querySelectorAll('.statusbar-item')].map(item => item.textContent.trim()).find(label => label.startsWith('Infill')) ?? '');
  }

  notices() {
    return this.page.evaluate(() => [...document.querySelectorAll('.notification-toast .notification-list-item-message')].map(item => item.textContent));
  }

  /** Like a person: one key after another. */
  async type(keys) {
    for (const key of keys) {
      await this.page.keyboard.type(key);
      await delay(60); // a typist's pace
    }
  }

  /** Waits for ghost text, and until it grows no more. */
  async suggestion() {
    let before = '';
    await until(async () => {
      const now = await this.ghost();
      if (now === '' || !isQuiet() || now !== before) {
        before = now;
        await delay(300); // VS Code waits 50 ms before it asks for what has grown
        return false;
      }
      return true;
    });
    return before;
  }

  async save() {
    await this.page.keyboard.press('Control+s');
    const before = text;
    await until(async () => readFileSync(this.file, 'utf8') !== before);
    await until(async () => await this.page.locator('.tab.active.dirty').count() === 0);
    return readFileSync(this.file, 'utf8');
  }

  /** By the command palette. */
  async command(name) {
    await this.page.keyboard.press('Control+Shift+p');
    await this.page.locator('.quick-input-widget input').first().waitFor();
    await this.page.keyboard.type(name);
    await this.page.locator('.quick-input-list .monaco-list-row.focused', { hasText: name }).first().waitFor({ timeout: patience });
    await this.page.keyboard.press('Enter');
  }

  screenshot(name) {
    return this.page.screenshot({ path: join(out, `${name}.png`) });
  }

  /** An entry of the menu behind the status bar. */
  async choose(label) {
    await this.page.locator('.statusbar-item', { hasText: 'Infill' }).first().click();
    await this.page.locator('.quick-input-list .monaco-list-row', { hasText: label }).first().click();
  }
}

/** A model hub that has the extension's own model under every name, and takes two seconds to hand it out. */
async function openHub() {
  const models = join(work, 'extensions', readdirSync(join(work, 'extensions')).find(name => name.startsWith('infill.infill')), 'server', 'models');
  const file = readFileSync(join(models, readdirSync(models).find(name => name.endsWith('.gguf'))));
  const hub = createHttpServer(async (request, response) => {
    response.writeHead(200, { 'Content-Length': file.length, 'X-Linked-Etag': `"${createHash('sha256').update(file).digest('hex')}"` });
    for (let at = 0; at < file.length; at += 1 << 20) {
      response.write(file.subarray(at, at + (1 << 20)));
      await delay(2000 / (file.length / (1 << 20)));
    }
    response.end();
  });
  await new Promise(resolve => hub.listen(0, '127.0.0.1', resolve));
  return hub;
}

/** A notebook file with these cells of code. */
function notebook(...cells) {
  const lines = source => source.split(/(?<=\n)/);
  return JSON.stringify({
    cells: cells.map(source => ({ cell_type: 'code', execution_count: null, metadata: {}, outputs: [], source: lines(source) })),
    metadata: { language_info: { name: 'python' } }, nbformat: 4, nbformat_minor: 2,
  });
}

/** What VS Code and the server say to each other is kept: between the two stands a copy of both streams. */
function listenIn() {
  const folder = readdirSync(join(work, 'extensions')).find(name => name.startsWith('infill.infill'));
  const program = join(work, 'extensions', folder, 'server', 'infill');
  renameSync(program, `${program}.real`);
  writeFileSync(program, `#!/bin/bash\nif [[ $1 != lsp ]]; then exec '${program}.real' "$@"; fi\nwire=\${INFILL_WIRE:-${work}}\nexec '${program}.real' "$@" < <(exec tee -a "$wire/to-server") > >(exec tee -a "$wire/from-server")\n`);
  chmodSync(program, 0o755);
}

function sent(wire = toServer) {
  return existsSync(wire) ? messagesIn(readFileSync(wire)) : [];
}

/** The settings that a server was last told, as the answer to its question. */
function toldSettings(wire) {
  return sent(wire).filter(message => message.method === undefined && Array.isArray(message.result)).at(-1)?.result[0];
}

/** Whether every request has its answer. */
function isQuiet() {
  return unanswered() === lost;
}

function unanswered() {
  const answers = messagesIn(readFileSync(fromServer)).filter(message => message.method === undefined).length;
  return sent().filter(message => message.id !== undefined && message.method !== undefined).length - answers;
}

/** Snapshots of suggestions so far. */
function snapshots() {
  return messagesIn(readFileSync(fromServer)).filter(message => message.method === '$/progress' && Array.isArray(message.params.value)).length;
}

/** Requests for a suggestion so far. */
function asked() {
  const requests = sent().filter(message => message.method === 'textDocument/inlineCompletion');
  const invoked = requests.filter(message => message.params.context.triggerKind === 1);
  return { all: requests.length, invoked: invoked.length, selected: requests.filter(message => message.params.context.selectedCompletionInfo).length };
}

/** Where each suggestion was asked for since that message, where the last edit before it had left the cursor, and how many edits there were. */
function places(first) {
  const found = [];
  let edited;
  let edits = 0;
  for (const { method, params } of sent().slice(first)) {
    const change = method === 'textDocument/didChange' ? params.contentChanges[0] : method === 'notebookDocument/didChange' ? params.change.cells?.textContent?.[0]?.changes[0] : undefined;
    const lines = change?.text.split('\n') ?? [];
    if (change) {
      edits++;
      edited = (lines.length > 1 ? 0 : change.range.start.character) + lines.at(-1).length;
    }
    if (method === 'textDocument/inlineCompletion') found.push({ asked: params.position.character, edited, edits });
  }
  return found;
}

/** Requests for a suggestion since that message that were cancelled. */
function cancelled(first) {
  const messages = sent().slice(first);
  const ids = messages.filter(message => message.method === 'textDocument/inlineCompletion').map(message => message.id);
  return ids.filter(id => messages.some(message => message.method === '$/cancelRequest' && message.params.id === id)).length;
}

/** Processes that VS Code speaks to. */
function servers() {
  return processes('lsp');
}

/** Processes behind them, which hold the model. */
function engines() {
  return processes('daemon');
}

function processes(role) {
  return readdirSync('/proc').filter(id => /^\d+$/.test(id)).filter(id => {
    try {
      const program = readlinkSync(`/proc/${id}/exe`);
      return program.startsWith(work) && program.endsWith('infill.real') && readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0')[1] === role;
    } catch {
      return false; // it has ended, or is none of ours
    }
  }).map(Number);
}

/** What the first window's engines have counted, by their processes; the last word of those that have ended. */
const counts = new Map();
function noteCounts() {
  const program = join(work, 'extensions', readdirSync(join(work, 'extensions')).find(name => name.startsWith('infill.infill')), 'server', 'infill.real');
  const { stdout } = spawnSync(program, ['status', '--json'], { env: { ...process.env, XDG_RUNTIME_DIR: join(work, 'user', 'run') }, encoding: 'utf8' });
  for (const report of stdout ? JSON.parse(stdout) : []) counts.set(report.processId, report.stops);
}

async function until(isSo) {
  const began = Date.now();
  let problem;
  while (Date.now() - began < patience) {
    try {
      if (await isSo()) return;
    } catch (error) {
      problem = error;
    }
    await delay(20);
  }
  throw new Error(`It never came to be: ${isSo}${problem ? `\n${problem}` : ''}`);
}

function freePort() {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Played only when asked for by name: what `record.sh` makes a moving picture of. */
const extras = {
  async recording(bench) {
    await bench.edit('streams');
    await bench.page.keyboard.press('Control+b'); // more room
    let isOver = false;
    const pictures = (async () => {
      for (let number = 100; !isOver; number++) await bench.page.screenshot({ path: join(out, `frame-${number}.png`), clip: { x: 0, y: 380, width: 640, height: 590 } });
    })();
    await bench.type('    def ');
    await bench.suggestion();
    await delay(600);
    await bench.type('__init__(self, ');
    await delay(600);
    await bench.page.keyboard.press('Tab');
    await delay(400);
    await bench.page.keyboard.press('Enter');
    await bench.type('        self.');
    await bench.suggestion();
    await delay(800);
    await bench.page.keyboard.press('Control+Alt+ArrowRight');
    await delay(800);
    await bench.page.keyboard.press('Tab');
    await delay(1200);
    isOver = true;
    await pictures;
    return { saved: await bench.save() };
  },
};

const scenarios = {
  async streams(bench) {
    await bench.edit('streams');
    await bench.page.keyboard.insertText('    def'); // which asks nobody: all of it is made after the last key
    await bench.type(' ');
    const ghost = await bench.suggestion();
    await bench.screenshot('streams');
    return { ghost, frames: await bench.frames(), asked: asked(), status: await bench.status(), saved: await bench.save() };
  },

  async typedThrough(bench) {
    await bench.edit('typedThrough');
    await bench.type('    def ');
    const before = await bench.suggestion();
    const [first, asks] = [(await bench.frames()).length, asked().all];
    await bench.type(before.slice(0, 4));
    const ghost = await bench.ghost();
    await bench.screenshot('typed-through');
    return { before, ghost, frames: (await bench.frames()).slice(first), asked: { all: asked().all - asks }, saved: await bench.save() };
  },

  /** Keys that nobody suggests: how soon after each the server is asked, and for what text. */
  async ahead(bench) {
    await bench.edit('ahead');
    await bench.type('    def ');
    await bench.suggestion();
    const first = sent().length;
    const waits = [];
    for (const key of [...'quiz_vex(jolt', 'Backspace', 'Enter', 'Tab']) {
      const [from, pressed] = [statSync(toServer).size, performance.now()];
      const isAsked = () => readFileSync(toServer).subarray(from).includes('"textDocument/inlineCompletion"');
      const typed = bench.page.keyboard.press(key);
      while (!isAsked() && performance.now() - pressed < 1000) await delay(1);
      if (isAsked()) waits.push(performance.now() - pressed); // else it was suggested
      await typed;
      await delay(300); // VS Code has asked by then
      await until(isQuiet);
    }
    return { waits, places: places(first) };
  },

  /** While the engine stands still, VS Code comes too late for what was asked ahead, then for a cursor that is elsewhere: until either was cancelled. */
  async inVain(bench) {
    await bench.edit('inVain');
    await bench.type('    def ');
    await until(isQuiet);
    const [engine] = engines();
    let given = 0;
    process.kill(engine, 'SIGSTOP');
    try {
      const block = () => bench.page.evaluate(() => {
        for (const end = performance.now() + 800; performance.now() < end;);
      });
      for (const leave of [block, () => bench.page.keyboard.press('ArrowLeft')]) {
        for (let tries = 0, first = sent().length; tries < 8 && cancelled(first) === 0; tries++) {
          await bench.page.keyboard.press('End');
          await bench.page.keyboard.type('qzxjkvwh'[tries]);
          await delay(20); // it is on its way to the server, and VS Code waits: mostly
          await leave();
          await delay(300);
          if (cancelled(first) > 0) given++;
        }
      }
    } finally {
      process.kill(engine, 'SIGCONT');
    }
    return { cancelled: given };
  },

  /** A language for which VS Code's own inline suggestions are off. */
  async unwanted(bench) {
    await bench.edit('notes', 'txt');
    const before = asked().all;
    await bench.type('    def ');
    await delay(1000); // nothing is to come
    return { ghost: await bench.ghost(), asked: { all: asked().all - before } };
  },

  /** What is on the screen is typed along while the rest is still being made: the edit stops that, and what had come is not all. */
  async typedAhead(bench) {
    const [engine] = engines();
    await bench.edit('typedAhead');
    for (let tries = 0; tries < 10; tries++) {
      await bench.page.keyboard.insertText('    def __init__(self, width, height, depth):\n        '); // which asks nobody
      const said = snapshots();
      await bench.page.keyboard.type('s');
      await until(() => snapshots() > said);
      process.kill(engine, 'SIGSTOP'); // in the middle of three lines, unless it was quicker
      try {
        await until(async () => await bench.ghost() !== '');
        const [before, asks] = [await bench.ghost(), asked().all];
        if (!isQuiet()) {
          await bench.page.keyboard.type(before[0]);
          process.kill(engine, 'SIGCONT');
          return { before, ghost: await bench.suggestion(), asked: { all: asked().all - asks } };
        }
      } finally {
        process.kill(engine, 'SIGCONT');
      }
      await bench.page.keyboard.press('Escape');
      await bench.page.keyboard.insertText('\n\n\nclass Sphere:\n'); // the next try, at a place where nothing is known
    }
    throw new Error('The server was always quicker.');
  },

  async whole(bench) {
    await bench.edit('whole');
    await bench.type('    def ');
    const before = await bench.suggestion();
    await bench.page.keyboard.press('Tab');
    return { before, saved: await bench.save(), told: sent().some(message => message.params?.command === 'infill.accepted') };
  },

  async alternatives(bench) {
    await bench.edit('alternatives');
    await bench.type('    def ');
    const seen = [await bench.suggestion()];
    for (let next = 0; next < 2; next++) {
      await bench.page.keyboard.press('Alt+]');
      await until(async () => await bench.ghost() !== '' && await bench.ghost() !== seen.at(-1));
      seen.push(await bench.suggestion());
    }
    await bench.screenshot('alternatives');
    await bench.page.keyboard.press('Tab');
    return { seen, invoked: asked().invoked, saved: await bench.save() };
  },

  async word(bench) {
    await bench.edit('word');
    await bench.type('    def ');
    const before = await bench.suggestion();
    await bench.page.keyboard.press('Control+ArrowRight');
    await until(async () => await bench.ghost() !== before);
    const ghost = await bench.ghost();
    await bench.screenshot('word');
    return { before, ghost, saved: await bench.save() };
  },

  async line(bench) {
    await bench.edit('line');
    await bench.type('    def ');
    await bench.type('__init__(self, width, height, depth):\n');
    const before = await bench.suggestion();
    await bench.page.keyboard.press('Control+Alt+ArrowRight');
    await until(async () => await bench.ghost() !== before);
    const ghost = await bench.ghost();
    await bench.screenshot('line');
    return { before, ghost, saved: await bench.save() };
  },

  /** Escape, while it grows and when its last words have only just come, each at a place where nothing is known: it must stay away. */
  async hidden(bench) {
    await bench.edit('hidden');
    const frames = [];
    for (let wait = 0; wait < 80; wait += 10) {
      await bench.type('    def ');
      await until(async () => await bench.ghost() !== '');
      for (const began = Date.now(); wait > 30 && !isQuiet() && Date.now() - began < patience;) await delay(1);
      await delay(wait % 40);
      await bench.page.keyboard.press('Escape');
      await until(async () => await bench.ghost() === '');
      const first = (await bench.frames()).length;
      await until(isQuiet);
      await delay(300); // in which VS Code would ask for what has grown
      frames.push(...(await bench.frames()).slice(first));
      await bench.page.keyboard.insertText(`__init__(self, width, height, depth):
        self.width = width
        self.height = height
        self.depth = depth


class Pyramid${wait}:
`);
    }
    return { ghost: await bench.ghost(), frames };
  },

  /** The second cell of a notebook: the suggestion goes on from the first. */
  async notebook(bench) {
    await bench.openFile('study.ipynb');
    await bench.page.locator('.monaco-list-row .monaco-editor .view-line', { hasText: 'class Circle' }).waitFor({ timeout: patience });
    await bench.page.keyboard.press('Control+End'); // the last cell, which may be below the screen
    await bench.page.locator('.monaco-list-row.focused .monaco-editor .view-line', { hasText: 'class Pyramid' }).waitFor({ timeout: patience });
    await bench.page.keyboard.press('Enter'); // into its text
    await bench.page.locator('.monaco-list-row .monaco-editor.focused').waitFor({ timeout: patience });
    await bench.page.keyboard.press('Control+End');
    await bench.page.evaluate(watch);
    const first = sent().length;
    await bench.type('    def ');
    const before = await bench.suggestion();
    const asks = places(first);
    await bench.screenshot('notebook');
    await bench.page.keyboard.press('Tab');
    await until(async () => await bench.ghost() !== before);
    await bench.page.keyboard.press('Control+s');
    const cells = () => JSON.parse(readFileSync(bench.file, 'utf8')).cells.map(cell => cell.source.join(''));
    await until(() => cells()[1] !== 'class Pyramid:\n');
    return { before, saved: cells()[1], places: asks, isSynced: sent().some(message => message.method === 'notebookDocument/didChange') };
  },

  async invoked(bench) {
    await bench.edit('invoked');
    await bench.type('    def ');
    await bench.suggestion();
    const before = asked().invoked;
    await bench.page.keyboard.press('Alt+\\');
    await until(async () => asked().invoked > before);
    const ghost = await bench.suggestion();
    return { ghost, invoked: asked().invoked - before };
  },

  /** An entry of the suggest widget is selected: the ghost text continues it. */
  async widget(bench) {
    await bench.edit('widget');
    await bench.type('    def __init__(self, width, height, depth):\n        self.width = wid');
    await bench.page.keyboard.press('Control+Space');
    await bench.page.locator('.suggest-widget.visible').waitFor({ timeout: patience });
    await until(() => asked().selected > 0);
    await until(() => isQuiet());
    await bench.screenshot('widget');
    return { ghost: await bench.ghost(), asked: asked() };
  },

  async killed(bench) {
    await bench.edit('killed');
    await bench.type('    def ');
    await bench.suggestion();
    const [before] = servers();
    process.kill(before, 'SIGKILL');
    await bench.type('__init__(self, ');
    await until(async () => servers().some(id => id !== before));
    await until(async () => (await bench.notices()).length > 0);
    const notices = await bench.notices();
    await until(async () => await bench.page.locator('[aria-label*="Infill: Ready"]').count() > 0);
    await delay(1000); // the new server has answered by then, and nobody types
    lost = unanswered();
    await bench.type('w');
    const ghost = await bench.suggestion();
    await bench.screenshot('killed');
    return { ghost, notices, saved: await bench.save() };
  },

  /** The engine behind the server is lost: nobody is to notice but for the time it takes. */
  async engineKilled(bench) {
    await bench.page.keyboard.press('Escape');
    await bench.command('Notifications: Clear All Notifications'); // of the scenario before
    await bench.edit('engineKilled');
    await bench.type('    def ');
    await bench.suggestion();
    const [server] = servers();
    const [before] = engines();
    noteCounts();
    process.kill(before, 'SIGKILL');
    await bench.type('__init__(self, ');
    await until(async () => engines().some(id => id !== before));
    await bench.type('h'); // which nobody suggested: the next engine must
    const ghost = await bench.suggestion();
    await bench.screenshot('engine-killed');
    return { ghost, notices: await bench.notices(), saved: await bench.save(), isSameServer: servers()[0] === server };
  },

  /** The engine stands still while it is asked: the status bar tells that it works, and that it is ready when it has. */
  async working(bench) {
    await bench.edit('working');
    const label = () => bench.page.evaluate(() => [...document.querySelectorAll('.statusbar-item [aria-label^="Infill: "], .statusbar-item[aria-label^="Infill: "]')].map(item => item.getAttribute('aria-label').split(',')[0])[0] ?? '');
    const [engine] = engines();
    const seen = [];
    process.kill(engine, 'SIGSTOP');
    try {
      await bench.type('    def ');
      await until(async () => (await label()).startsWith('Infill: Working'));
      seen.push(await label());
      await bench.screenshot('working');
    } finally {
      process.kill(engine, 'SIGCONT');
    }
    await until(async () => (await label()).startsWith('Infill: Ready'));
    return { seen: [...seen, await label()] };
  },

  /** `infill status` in a terminal of the window. */
  async atWork(bench) {
    await bench.edit('atWork');
    await bench.choose('Show the engine at work');
    const shown = () => bench.page.evaluate(() => [...document.querySelectorAll('.xterm-rows')].map(rows => rows.textContent.replaceAll('\u00a0', ' ')).join('\n'));
    await until(async () => (await shown()).includes('tokens/s'));
    await bench.screenshot('at-work');
    const saved = await shown();
    await bench.command('Terminal: Kill All Terminals');
    return { saved };
  },

  /** The engine's live page, in a tab of its own. */
  async livePage(bench) {
    await bench.edit('livePage');
    const opened = bench.page.context().waitForEvent('page', { timeout: patience });
    await bench.choose('Open the live page');
    const tab = await opened;
    await tab.locator('#state.ready').waitFor({ timeout: patience });
    await until(async () => /Visual Studio Code|code-server/.test(await tab.locator('#clients').innerText()));
    await tab.screenshot({ path: join(out, 'live-page.png') });
    const saved = await tab.locator('body').innerText();
    await tab.close();
    return { saved, notices: await bench.notices() };
  },

  /** Killed again and again, until the extension gives up; its notice has the button that mends it. */
  async gaveUp(bench) {
    await bench.edit('gaveUp');
    const gaveUp = () => bench.page.locator('.notification-list-item', { hasText: 'stays off' }).first();
    for (const began = Date.now(); await gaveUp().count() === 0 && Date.now() - began < patience; await delay(100)) {
      for (const id of servers()) process.kill(id, 'SIGKILL');
    }
    const notices = await bench.notices();
    await bench.screenshot('gave-up');
    await gaveUp().locator('.monaco-button', { hasText: 'Restart' }).click();
    await until(async () => await bench.page.locator('[aria-label*="Infill: Ready"]').count() > 0);
    await bench.command('Notifications: Clear All Notifications');
    await bench.edit('gaveUp');
    await delay(1000); // the new server has answered by then, and nobody types
    lost = unanswered();
    await bench.type('    def ');
    return { ghost: await bench.suggestion(), notices };
  },

  async menu(bench) {
    await bench.edit('menu');
    await bench.page.locator('.statusbar-item', { hasText: 'Infill' }).first().click();
    await bench.page.locator('.quick-input-list .monaco-list-row').first().waitFor();
    const choices = await bench.page.locator('.quick-input-list .monaco-list-row').allTextContents();
    await bench.screenshot('menu');
    await bench.page.keyboard.press('Escape');
    return { choices, status: await bench.status() };
  },

  async off(bench) {
    await bench.edit('off');
    await bench.choose('Turn off for python');
    await until(async () => await bench.status() === 'Infill');
    const before = asked().all;
    await bench.type('    def ');
    await delay(1500); // nothing is to come
    const report = { ghost: await bench.ghost(), asked: { all: asked().all - before }, status: await bench.status() };
    await bench.choose('Turn on for python');
    await until(async () => await bench.status() !== 'Infill');
    return report;
  },

  /** From a key to the frame that shows new ghost text, and what the extension says the server took. */
  async latency(bench) {
    await bench.edit('latency');
    await bench.type('    def ');
    await bench.suggestion();
    const delays = [];
    for (const key of 'quiz_vex(jolt, zap, knob, ') { // which nobody suggests: nearly every key is asked for
      const first = (await bench.frames()).length;
      const before = asked().all;
      await bench.page.keyboard.type(key);
      await delay(500); // VS Code waits before it asks
      await until(() => isQuiet());
      const shown = (await bench.frames()).slice(first).find(frame => frame.ghost !== '');
      if (shown === undefined) continue; // there need not be a suggestion at every place
      const pressed = await bench.page.evaluate(() => globalThis.infillPressed);
      const server = Number(/(\d+) ms/.exec(await bench.status())?.[1]);
      delays.push({ whole: shown.at - pressed, server, isAsked: asked().all > before });
    }
    return { delays };
  },

  /** A model of the list is pulled, with its progress on the screen, and used without a restart. */
  async model(bench) {
    await bench.edit('model');
    const [before] = servers();
    await bench.choose('Choose a model');
    await bench.page.locator('.quick-input-list .monaco-list-row', { hasText: 'qwen2.5-coder-0.5b' }).waitFor({ timeout: patience });
    const choices = await bench.page.locator('.quick-input-list .monaco-list-row').allTextContents();
    await bench.screenshot('models');
    await bench.page.keyboard.type('qwen2.5-coder-0.5b');
    await until(async () => (await bench.page.locator('.quick-input-list .monaco-list-row.focused').first().textContent()).includes('qwen2.5-coder-0.5b'));
    await bench.page.keyboard.press('Enter');
    const progress = [];
    await until(async () => {
      progress.push(...await bench.notices());
      return progress.some(notice => /pulling.*MB of/.test(notice));
    });
    await bench.screenshot('pulling');
    await until(async () => (await bench.notices()).some(notice => notice.includes('is used from now on')));
    await bench.page.keyboard.press('Control+1'); // from the status bar, where a space would open the menu again
    await bench.type('    def ');
    const ghost = await bench.suggestion();
    await bench.screenshot('chosen');
    return { choices, notices: [...progress, ...await bench.notices()], ghost, saved: readFileSync(join(work, 'infill', 'config.json'), 'utf8'), isSameServer: servers()[0] === before };
  },

  /** A workspace that nobody trusts names a program, a model and a hub of its own. */
  async restricted() {
    const folder = join(work, 'untrusted');
    mkdirSync(join(folder, '.vscode'), { recursive: true });
    writeFileSync(join(folder, 'shapes.py'), text);
    const evil = { 'infill.server.path': '/bin/false', 'infill.model': '/evil.gguf', 'infill.hub': 'http://evil', 'infill.threads': 1, 'infill.maxLines': 2 };
    writeFileSync(join(folder, '.vscode', 'settings.json'), JSON.stringify(evil));
    const before = servers();
    const bench = await Workbench.besideUntrusting(`folder=${folder}`);
    const [server] = servers().filter(id => !before.includes(id));
    await bench.edit('shapes');
    await until(async () => {
      await bench.type('x');
      return await bench.ghost() !== '' || sent(bench.wire).some(message => message.method === 'textDocument/inlineCompletion');
    });
    const marks = await bench.page.locator('.statusbar-item').allTextContents();
    await bench.screenshot('restricted');
    const environment = readFileSync(`/proc/${server}/environ`, 'utf8').split('\0').filter(variable => variable.startsWith('INFILL_') && !variable.startsWith('INFILL_WIRE'));
    return { choices: marks, notices: environment, settings: Object.keys(toldSettings(bench.wire) ?? {}) };
  },

  /** Two roots: the second has a file that is kept out of prompts, and a setting of its own. */
  async roots() {
    const [first, second] = ['first', 'second'].map(name => join(work, 'roots', name));
    mkdirSync(first, { recursive: true });
    mkdirSync(join(second, '.vscode'), { recursive: true });
    writeFileSync(join(first, 'one.py'), text);
    for (const name of ['two.py', 'kept-out.py']) writeFileSync(join(second, name), text);
    writeFileSync(join(second, '.infillignore'), 'kept-out.py\n');
    writeFileSync(join(second, '.vscode', 'settings.json'), JSON.stringify({ 'infill.maxLines': 3 }));
    const workspace = join(work, 'roots', 'both.code-workspace');
    writeFileSync(workspace, JSON.stringify({ folders: [{ path: 'first' }, { path: 'second' }] }));
    const bench = await Workbench.besideUntrusting(`workspace=${workspace}`);
    const report = { frames: [], steps: sent(bench.wire).find(message => message.method === 'initialize').params.workspaceFolders.map(folder => folder.name), choices: [] };
    for (const name of ['kept-out', 'two', 'one']) {
      await bench.edit(name);
      await until(() => (toldSettings(bench.wire)?.maxLines === 3) === (name !== 'one'));
      const asks = () => sent(bench.wire).filter(message => message.method === 'textDocument/inlineCompletion').length;
      const before = asks();
      await until(async () => {
        await bench.type('\n');
        return asks() > before;
      });
      await bench.type('    def ');
      if (name !== 'kept-out') await until(async () => await bench.ghost() !== '');
      else await delay(3000); // nothing is to come
      report.frames.push({ at: 0, ghost: await bench.ghost() });
      await bench.screenshot(`roots-${name}`);
    }
    return report;
  },

  /** The walkthrough of the first run, and what its links do. */
  async walkthrough(bench) {
    const open = () => until(async () => { // the page takes the focus when it has built itself up, and with it the list away
      await bench.command('Welcome: Open Walkthrough...');
      await bench.page.locator('.quick-input-list .monaco-list-row', { hasText: 'Start with Infill' }).first().click({ timeout: 5000 });
      await bench.page.locator('.getting-started-step:enabled').first().waitFor({ timeout: 5000 });
      return true;
    });
    await open();
    const steps = await bench.page.locator('.getting-started-step .step-title').allTextContents();
    await bench.screenshot('walkthrough');
    const choices = [];
    for (const [step, link] of [['See what it does', 'Open the menu'], ['Choose a model', 'Choose a model']]) {
      await bench.page.locator('.getting-started-step', { hasText: step }).first().click();
      await bench.page.locator('.getting-started-step.expanded .monaco-button', { hasText: link }).first().click();
      await bench.page.locator('.quick-input-list .monaco-list-row').first().waitFor({ timeout: patience });
      choices.push(...await bench.page.locator('.quick-input-list .monaco-list-row').allTextContents());
      await bench.page.locator('.quick-input-widget input').first().press('Escape');
      await bench.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
      await open(); // a slow machine has taken the Escape for one that leaves the walkthrough
    }
    return { steps, choices };
  },
};

const report = {};
let bench;
process.on('SIGTERM', async () => {
  console.log(JSON.stringify(report, null, 1)); // whoever has no more time gets what there is
  await bench?.close();
  process.exit(1);
});
try {
  bench = await Workbench.open();
  console.error(`The workbench is there after ${Math.round(performance.now())} ms.`);
  for (const name of wanted.length > 0 ? wanted : Object.keys(scenarios)) {
    try {
      report[name] = await { ...scenarios, ...extras }[name](bench);
      noteCounts();
      console.error(`${name}: ${Math.round(performance.now())} ms`);
    } catch (error) {
      await bench.screenshot(`failed-${name}`);
      report[name] = { problem: String(error.stack ?? error) };
    }
  }
  report.counts = { counts: [...counts.values()] };
} finally {
  await bench?.close();
}
console.log(JSON.stringify(report, null, 1));
