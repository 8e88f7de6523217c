import { type Disposable, languages, MarkdownString, StatusBarAlignment, type TextDocument, ThemeColor, window, workspace } from 'vscode';
import { type WorkDoneProgressBegin, type WorkDoneProgressEnd, type WorkDoneProgressReport } from 'vscode-languageclient/node';

const workingAfter = 300; // ms

export type State = 'starting' | 'loading' | 'ready' | 'failed';

/** The status bar's item: what the server does, and in this file; a click opens the menu. */
export class Status implements Disposable {
  private readonly item = window.createStatusBarItem('infill.status', StatusBarAlignment.Right, 100);
  private readonly listeners: Disposable[];
  private state: State = 'starting';
  private detail = '';
  private model = '';
  private percent = '';
  private milliseconds: number | undefined;
  private isWorking = false;
  private patience: NodeJS.Timeout | undefined;

  constructor(private readonly isEnabled: (document: TextDocument) => boolean) {
    this.item.name = 'Infill';
    this.item.command = 'infill.menu';
    this.listeners = [
      window.onDidChangeActiveTextEditor(() => this.draw()),
      workspace.onDidChangeConfiguration(change => {
        if (change.affectsConfiguration('infill')) this.draw();
      }),
    ];
    this.draw();
    this.item.show();
  }

  set(state: State, detail = ''): void {
    this.state = state;
    this.detail = detail;
    this.draw();
  }

  /** Loading the model, as the server reports it. */
  progress(params: WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd): void {
    if (params.kind === 'end') {
      this.model = params.message ?? '';
      this.percent = '';
      if (this.state === 'loading') this.set('ready');
      return;
    }
    this.percent = params.percentage === undefined ? '' : ` ${params.percentage} %`;
    this.set('loading', params.message ?? 'loading the model');
  }

  /** Another model was chosen, and is loaded. */
  noteModel(name: string): void {
    this.model = `model ${name} is ready`;
    this.draw();
  }

  noteTime(milliseconds: number): void {
    this.milliseconds = milliseconds;
    if (this.state === 'loading') this.state = 'ready';
    this.draw();
  }

  /** A suggestion is being made, or none any more. Told once it takes longer than one should: there is one with every key. */
  noteWorking(isWorking: boolean): void {
    if (!isWorking) {
      clearTimeout(this.patience);
      this.patience = undefined;
      this.showWorking(false);
      return;
    }
    this.patience ??= setTimeout(() => this.showWorking(true), workingAfter);
  }

  dispose(): void {
    clearTimeout(this.patience);
    this.item.dispose();
    for (const listener of this.listeners) listener.dispose();
  }

  /** Why nothing is suggested in the active file by itself; undefined where it is. */
  whyOff(): string | undefined {
    const document = window.activeTextEditor?.document;
    if (!document) return undefined;
    if (!this.isEnabled(document)) return `turned off by the setting infill.enabled (${document.languageId})`;
    return languages.match([{ scheme: 'output' }, { scheme: 'vscode-scm' }], document) > 0 ? 'not a file' : undefined;
  }

  private showWorking(isWorking: boolean): void {
    if (this.isWorking === isWorking) return;
    this.isWorking = isWorking;
    this.draw();
  }

  private draw(): void {
    const off = this.whyOff();
    const time = this.milliseconds === undefined ? '' : ` ${Math.round(this.milliseconds)} ms`;
    const faces: Record<State, string> = {
      starting: '$(loading~spin) Infill',
      loading: `$(loading~spin) Infill${this.percent}`,
      ready: this.isWorking ? `$(sync~spin) Infill${time}` : off ? '$(circle-slash) Infill' : `$(sparkle) Infill${time}`,
      failed: '$(warning) Infill',
    };
    const told: Record<State, string> = {
      starting: 'Starting.', loading: this.detail, ready: this.isWorking ? 'Working.' : off ? `Off here: ${off}.` : 'Ready.', failed: this.detail,
    };
    this.item.text = faces[this.state];
    this.item.backgroundColor = this.state === 'failed' ? new ThemeColor('statusBarItem.warningBackground') : undefined;
    const lines = [`**Infill** ${told[this.state]}`, this.state === 'starting' ? this.detail : '', this.model, time && `Last time to text:${time}.`, 'Click for the menu.'];
    this.item.tooltip = new MarkdownString(lines.filter(line => line).join('\n\n'));
    this.item.accessibilityInformation = { label: `Infill: ${told[this.state]}`, role: 'button' };
  }
}
