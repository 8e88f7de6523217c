import { commands, type ExtensionContext, type LogOutputChannel, window, workspace } from 'vscode';
import { DidChangeConfigurationNotification, ExecuteCommandRequest, type LanguageClient } from 'vscode-languageclient/node';
import { Ahead } from './ahead';
import { findServer, makeClient } from './client';
import { Config } from './config';
import { Ghost } from './ghost';
import { doctor, showMenu } from './menu';
import { chooseModel, pullModel } from './models';
import { openPage } from './page';
import { Status } from './status';

const longestWord = 1000; // ms for a server to answer that may be the one that hangs

/** The extension from its start to its end: one server for all folders of the window. */
class Extension {
  private readonly config: Config;
  private readonly log: LogOutputChannel;
  private readonly status: Status;
  private readonly ghost: Ghost;
  private readonly ahead: Ahead;
  private client: LanguageClient | undefined;
  private changing: Promise<void> = Promise.resolve();

  constructor(private readonly context: ExtensionContext) {
    this.config = new Config(context);
    this.log = window.createOutputChannel('Infill', { log: true });
    this.status = new Status(document => this.config.isEnabled(document));
    this.ghost = new Ghost(document => this.config.isEnabled(document), milliseconds => this.status.noteTime(milliseconds), isWorking => this.status.noteWorking(isWorking));
    this.ahead = new Ahead(this.ghost);
    context.subscriptions.push(this.log, this.status, this.ghost, this.ahead);
    const actions: Record<string, () => unknown> = {
      menu: () => showMenu('Infill'),
      toggle: () => this.toggle(),
      restart: () => this.restartAll(),
      showLog: () => this.log.show(),
      openPage: () => this.withClient(openPage),
      status: () => this.withProgram(program => this.showEngine(program)),
      doctor: () => this.doctor(),
      chooseModel: () => this.withClient(client => chooseModel(client, model => this.status.noteModel(model))),
      pullModel: () => this.withClient(client => pullModel(client, model => this.status.noteModel(model))),
      hide: () => this.ghost.hide(),
    };
    for (const [name, act] of Object.entries(actions)) context.subscriptions.push(commands.registerCommand(`infill.${name}`, act));
    context.subscriptions.push(window.onDidChangeActiveTextEditor(() => this.tellSettings()));
    context.subscriptions.push(workspace.onDidChangeConfiguration(change => {
      if (this.config.atStart.some(name => change.affectsConfiguration(name))) void this.restart();
    }));
  }

  /** One change after another: a restart during a start waits for it. */
  restart(): Promise<void> {
    this.changing = this.changing.then(() => this.stopNow()).then(() => this.startNow());
    return this.changing;
  }

  /** What the user asks for: whatever hangs begins anew, the engine that is shared with other windows too. */
  private async restartAll(): Promise<void> {
    await this.changing;
    if (this.client?.isRunning()) {
      const asked = this.client.sendRequest(ExecuteCommandRequest.type, { command: 'infill.engine.restart' }).catch((error: unknown) => this.log.warn(String(error)));
      await Promise.race([asked, new Promise(resolve => setTimeout(resolve, longestWord))]);
    }
    return this.restart();
  }

  async stop(): Promise<void> {
    await this.changing;
    await this.stopNow();
  }

  private async startNow(): Promise<void> {
    const program = findServer(this.context, this.config);
    if (program === undefined) {
      return this.fail('There is no program `infill`: install it, or name it in the setting infill.server.path.', 'Open Settings', () =>
        commands.executeCommand('workbench.action.openSettings', 'infill.server.path'));
    }

    this.status.set('starting');
    this.client = makeClient(program, this.config, this.ghost, this.ahead, this.status, this.log, crashes =>
      this.fail(`Infill's server ended ${crashes} times within five minutes and stays off.`, 'Check This Machine', () => this.doctor()));
    try {
      await this.client.start();
    } catch (error) {
      this.fail(`Infill's server ${program} could not be started: ${error instanceof Error ? error.message : String(error)}`, 'Check This Machine', () => this.doctor());
    }
  }

  private async stopNow(): Promise<void> {
    this.ghost.stop();
    const client = this.client;
    this.client = undefined;
    await client?.dispose().catch((error: unknown) => this.log.warn(String(error))); // it may have ended already
  }

  private fail(message: string, mend: string, act: () => unknown): void {
    this.status.set('failed', message);
    this.log.error(message);
    void window.showErrorMessage(message, mend, 'Show Log', 'Restart').then(chosen => {
      if (chosen === mend) act();
      if (chosen === 'Show Log') this.log.show();
      if (chosen === 'Restart') void this.restartAll();
    });
  }

  /** The server asks for the settings once it hears that there are others. */
  private tellSettings(): void {
    if (this.client?.isRunning() && this.config.isOutdated) void this.client.sendNotification(DidChangeConfigurationNotification.type, { settings: null });
  }

  private async toggle(): Promise<void> {
    const settings = workspace.getConfiguration('infill');
    await settings.update('enabled', !settings.get('enabled', true), true);
  }

  /** Live, as long as the terminal is open. */
  private showEngine(program: string): void {
    window.createTerminal({ name: 'Infill', shellPath: program, shellArgs: ['status'], env: this.config.environment(), isTransient: true }).show();
  }

  private doctor(): Promise<void> {
    return this.withProgram(async program => {
      this.log.info(`${program} doctor\n${await doctor(program, this.config.environment())}`);
      this.log.show();
    });
  }

  private async withClient(act: (client: LanguageClient) => Promise<void>): Promise<void> {
    await this.changing;
    if (this.client?.isRunning()) return act(this.client);
    void window.showErrorMessage("Infill's server does not run.", 'Restart').then(chosen => chosen && this.restartAll());
  }

  private async withProgram(act: (program: string) => unknown): Promise<void> {
    const program = findServer(this.context, this.config);
    if (program === undefined) await this.restart(); // tells what to do
    else await act(program);
  }
}

let extension: Extension | undefined;

export function activate(context: ExtensionContext): void {
  extension = new Extension(context);
  void extension.restart();
}

export function deactivate(): Promise<void> | undefined {
  return extension?.stop();
}
