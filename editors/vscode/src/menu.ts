import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { commands, ConfigurationTarget, type QuickPickItem, QuickPickItemKind, type Uri, window, workspace } from 'vscode';

interface Choice extends QuickPickItem {
  readonly act?: () => unknown;
}

/** A click on the status bar: switches, the model, and what helps where something is wrong. */
export async function showMenu(title: string): Promise<void> {
  const choice = await window.showQuickPick<Choice>([
    ...switches(),
    { label: 'Model', kind: QuickPickItemKind.Separator },
    { label: '$(symbol-misc) Choose a model…', act: () => commands.executeCommand('infill.chooseModel') },
    { label: '$(cloud-download) Pull a model…', act: () => commands.executeCommand('infill.pullModel') },
    { label: 'Server', kind: QuickPickItemKind.Separator },
    { label: '$(output) Show the log', act: () => commands.executeCommand('infill.showLog') },
    { label: '$(pulse) Check this machine', description: 'infill doctor', act: () => commands.executeCommand('infill.doctor') },
    { label: '$(debug-restart) Restart the server', act: () => commands.executeCommand('infill.restart') },
    { label: '$(gear) Settings', act: () => commands.executeCommand('workbench.action.openSettings', '@ext:infill.infill') },
  ], { title });
  await choice?.act?.();
}

function switches(): Choice[] {
  const document = window.activeTextEditor?.document;
  const everywhere = workspace.getConfiguration('infill').get('enabled', true);
  const choices: Choice[] = [{
    label: `$(${everywhere ? 'circle-slash' : 'check'}) Turn ${everywhere ? 'off' : 'on'} everywhere`,
    act: () => workspace.getConfiguration('infill').update('enabled', !everywhere, ConfigurationTarget.Global),
  }];
  if (document) {
    const here = workspace.getConfiguration('infill', document).get('enabled', true);
    choices.push({
      label: `$(code) Turn ${here ? 'off' : 'on'} for ${document.languageId}`,
      act: () => workspace.getConfiguration('infill', { languageId: document.languageId }).update('enabled', !here, ConfigurationTarget.Global, true),
    });
  }
  if (workspace.workspaceFolders) {
    choices.push({
      label: `$(folder) Turn ${everywhere ? 'off' : 'on'} in this workspace`,
      act: () => workspace.getConfiguration('infill').update('enabled', !everywhere, ConfigurationTarget.Workspace),
    });
  }
  return choices;
}

/** Names a GGUF file, or goes back to the model that comes with the program. */
export async function chooseModel(): Promise<void> {
  const file: Choice = { label: '$(file) A GGUF file…' };
  const embedded: Choice = { label: '$(package) The model that comes with Infill' };
  const chosen = await window.showQuickPick([file, embedded], { title: 'Infill: choose a model' });
  if (chosen === undefined) return;
  const path = chosen === file ? (await pickFile())?.fsPath : undefined;
  if (chosen === file && path === undefined) return;
  await workspace.getConfiguration('infill').update('model', path, ConfigurationTarget.Global);
}

async function pickFile(): Promise<Uri | undefined> {
  return (await window.showOpenDialog({ title: 'A model', filters: { GGUF: ['gguf'] } }))?.[0];
}

/** Fetches a model with the program itself, in a terminal, where its progress is seen. */
export async function pullModel(program: string): Promise<void> {
  const name = await window.showInputBox({ title: 'Infill: pull a model', prompt: 'A name that `infill model list` shows', placeHolder: 'qwen2.5-coder-1.5b' });
  if (name) runInTerminal('Infill: pull', program, ['model', 'pull', name]);
}

/** `infill doctor`; its report goes to the log. */
export async function doctor(program: string, environment: Record<string, string>): Promise<string> {
  try {
    return (await promisify(execFile)(program, ['doctor'], { env: { ...process.env, ...environment } })).stdout;
  } catch (error) {
    const failed = error as { stdout?: string; stderr?: string; message: string };
    return [failed.stdout, failed.stderr].filter(text => text).join('\n') || failed.message;
  }
}

function runInTerminal(name: string, shellPath: string, shellArgs: string[]): void {
  window.createTerminal({ name, shellPath, shellArgs, isTransient: true }).show();
}
