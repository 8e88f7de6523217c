import { ConfigurationTarget, type QuickPickItem, QuickPickItemKind, type Uri, window, workspace } from 'vscode';
import { type LanguageClient } from 'vscode-languageclient/node';
import { ask } from './ask';

/** A model, as `infill model list --json` has it. */
interface Model {
  readonly name: string;
  readonly bytes: number;
  readonly fits: boolean;
  readonly isHere: boolean;
  readonly isUsed: boolean;
  readonly licence?: string;
  readonly languages?: string;
  readonly firstLine?: number;
  readonly isRecommended: boolean;
}

interface Choice extends QuickPickItem {
  /** What the server is asked to use; undefined for entries that ask further. */
  readonly model?: Model;
  readonly ask?: () => Promise<string | undefined>;
}

/** Lists the models that are here and that can be had; what is chosen is pulled, if need be, and used from then on. */
export async function chooseModel(client: LanguageClient, onChosen: (model: string) => void): Promise<void> {
  const models = await ask<Model[]>(client, 'infill.model.list');
  if (models === undefined) return;
  const chosen = await window.showQuickPick<Choice>([
    { label: 'On this machine', kind: QuickPickItemKind.Separator },
    ...models.filter(model => model.isHere).map(choice),
    { label: '$(file) A GGUF file…', ask: pickFile },
    { label: 'To be pulled', kind: QuickPickItemKind.Separator },
    ...models.filter(model => !model.isHere).map(choice),
  ], { title: 'Infill: choose a model', matchOnDescription: true, matchOnDetail: true });
  const name = chosen?.model?.name ?? await chosen?.ask?.();
  if (name === undefined) return;
  if (chosen?.model === undefined || chosen.model.isHere) await use(client, name, onChosen);
  else await pullAndUse(client, name, onChosen);
}

/** Pulls what the user names, and offers to use it. */
export async function pullModel(client: LanguageClient, onChosen: (model: string) => void): Promise<void> {
  const name = await window.showInputBox({ title: 'Infill: pull a model', prompt: 'A name of the list, owner/repo:file.gguf of the hub, or the URL of a GGUF file', placeHolder: 'qwen2.5-coder-1.5b' });
  const pulled = name && await pull(client, name);
  if (pulled && await window.showInformationMessage(`${pulled} is here.`, 'Use It') === 'Use It') await use(client, pulled, onChosen);
}

function choice(model: Model): Choice {
  const state = model.isUsed ? 'in use' : model.fits ? '' : 'too large for this machine\'s memory';
  const recommended = model.isRecommended ? 'recommended for this machine' : '';
  const line = model.firstLine === undefined ? '' : `first line in about ${model.firstLine} ms`;
  return {
    model,
    label: `$(${model.isUsed ? 'check' : model.isHere ? 'package' : 'cloud-download'}) ${model.name}`,
    description: [state, recommended].filter(text => text).join(', '),
    detail: [size(model.bytes), line, model.languages && `${model.languages} languages`, model.licence].filter(text => text).join(' · '),
  };
}

/** For people: GB as disks are sold in. */
function size(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`;
}

async function pickFile(): Promise<string | undefined> {
  const file: Uri | undefined = (await window.showOpenDialog({ title: 'A model', filters: { GGUF: ['gguf'] } }))?.[0];
  return file?.fsPath;
}

async function pullAndUse(client: LanguageClient, name: string, onChosen: (model: string) => void): Promise<void> {
  const pulled = await pull(client, name);
  if (pulled !== undefined) await use(client, pulled, onChosen);
}

/** The name under which it is here; undefined where it could not be had, which was told. */
async function pull(client: LanguageClient, name: string): Promise<string | undefined> {
  return (await ask<{ name: string }>(client, 'infill.model.pull', name, `Infill: pulling ${name}`))?.name;
}

async function use(client: LanguageClient, name: string, onChosen: (model: string) => void): Promise<void> {
  const chosen = await ask<{ name: string; message: string }>(client, 'infill.model.use', name, `Infill: loading ${name}`);
  if (chosen === undefined) return;
  onChosen(chosen.name);

  // The setting is stronger than the choice, which all editors share: it would bring the former model back.
  const settings = workspace.getConfiguration('infill');
  const isNamed = Boolean(settings.inspect('model')?.globalValue);
  if (isNamed) await settings.update('model', undefined, ConfigurationTarget.Global);
  void window.showInformationMessage(isNamed ? `${chosen.name} is used from now on.` : chosen.message);
}
