import { type ExtensionContext, type TextDocument, window, workspace } from 'vscode';

/** The settings that package.json took from the server's schema; the extension's own are not among them. */
interface Setting {
  readonly name: string;
  readonly isUserOnly: boolean;
}

const prefix = 'infill.';

/** The user's settings, as VS Code keeps them, in the two forms in which the server takes them. */
export class Config {
  private readonly settings: readonly Setting[];
  private handedOver = '';

  constructor(context: ExtensionContext) {
    const manifest = context.extension.packageJSON as { contributes: { configuration: { properties: Record<string, { scope: string }> }[] } };
    const generated = manifest.contributes.configuration[0]?.properties ?? {};
    this.settings = Object.entries(generated).map(([key, { scope }]) => ({ name: key.slice(prefix.length), isUserOnly: scope === 'machine' }));
  }

  /** Names of settings that the server takes only when it starts. */
  get atStart(): string[] {
    return [...this.settings.filter(setting => setting.isUserOnly).map(setting => prefix + setting.name), 'infill.server.path', 'infill.server.shared'];
  }

  /** What only the user may say, as INFILL_* variables: the server takes none of it from an editor's configuration. */
  environment(): Record<string, string> {
    const variables: Record<string, string> = {};
    for (const { name } of this.settings.filter(setting => setting.isUserOnly)) {
      const value = workspace.getConfiguration('infill').inspect(name)?.globalValue;
      if (value !== undefined && value !== null && value !== '') variables[variable(name)] = String(value);
    }
    return variables;
  }

  /** The section for the server, which then has it. */
  handOver(): Record<string, unknown> {
    const section = this.section();
    this.handedOver = JSON.stringify(section);
    return section;
  }

  /** Whether the server has other settings than the active document's: a folder and a language may have their own. */
  get isOutdated(): boolean {
    return JSON.stringify(this.section()) !== this.handedOver;
  }

  /** What somebody set. Defaults stay out of it: they would be stronger than the user's config.json. */
  private section(): Record<string, unknown> {
    const document = window.activeTextEditor?.document;
    const section: Record<string, unknown> = {};
    for (const { name, isUserOnly } of this.settings) {
      if (isUserOnly || name === 'enabled') continue; // whether to ask is decided here, by document
      const at = workspace.getConfiguration('infill', document).inspect(name);
      const value = at?.workspaceFolderLanguageValue ?? at?.workspaceLanguageValue ?? at?.globalLanguageValue
        ?? at?.workspaceFolderValue ?? at?.workspaceValue ?? at?.globalValue;
      if (value !== undefined && value !== null) section[name] = value;
    }
    return section;
  }

  /** Whether suggestions come by themselves in a document. */
  isEnabled(document: TextDocument): boolean {
    return workspace.getConfiguration('infill', document).get('enabled', true);
  }

  /** Whether the server's process leaves the model to the one engine that all of the user's editors share. */
  get isShared(): boolean {
    return workspace.getConfiguration('infill').inspect<boolean>('server.shared')?.globalValue ?? true;
  }

  /** The program that the user named; undefined where none was. */
  get serverPath(): string | undefined {
    return workspace.getConfiguration('infill').inspect<string>('server.path')?.globalValue || undefined;
  }
}

function variable(name: string): string {
  return `INFILL_${name.replace(/[A-Z]/g, letter => `_${letter}`).toUpperCase()}`;
}
