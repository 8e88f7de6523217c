import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { commands, ConfigurationTarget, type QuickPickItem, QuickPickItemKind, window, workspace } from 'vscode';

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
    { label: '$(globe) Open the live page', description: 'each request as it runs, in the browser', act: () => commands.executeCommand('infill.openPage') },
    { label: '$(graph) Show the engine at work', description: 'infill status', act: () => commands.executeCommand('infill.status') },
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

/** `infill doctor`; its report goes to the log. */
export async function doctor(program: string, environment: Record<string, string>): Promise<string> {
  try {
    return (await promisify(execFile)(program, ['doctor'], { env: { ...process.env, ...environment } })).stdout;
  } catch (error) {
    const failed = error as { stdout?: string; stderr?: string; message: string };
    return [failed.stdout, failed.stderr].filter(text => text).join('\n') || failed.message;
  }
}
