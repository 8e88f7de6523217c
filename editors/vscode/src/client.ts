import { accessSync, chmodSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type ExtensionContext, type LogOutputChannel, window } from 'vscode';
import { CloseAction, ErrorAction, LanguageClient, State, type ErrorHandler, type LanguageClientOptions } from 'vscode-languageclient/node';
import { type Ahead } from './ahead';
import { type Config } from './config';
import { type Ghost } from './ghost';
import { type Status } from './status';

const crashWindow = 5 * 60_000;
const mostCrashes = 5;
const firstPause = 200;
const modelProgress = 'infill.model'; // the server's token for loading the model at its start
const program = process.platform === 'win32' ? 'infill.exe' : 'infill';

/** The program: the user's own choice, the one in the extension, or the one on the PATH. Undefined where there is none. */
export function findServer(context: ExtensionContext, config: Config): string | undefined {
  const inside = context.asAbsolutePath(join('server', program));
  if (config.serverPath) return config.serverPath;
  if (isThere(inside)) return inside;
  return (process.env['PATH'] ?? '').split(delimiter).map(folder => join(folder, program)).find(isThere);
}

function isThere(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
  } catch {
    return false;
  }
  try {
    accessSync(file, constants.X_OK);
  } catch {
    chmodSync(file, 0o755); // unpacked by something that keeps no permissions
  }
  return true;
}

/** A server that ended by itself is brought back, ever later; the fifth time within five minutes it stays down. */
class ComeBack implements ErrorHandler {
  private crashes: number[] = [];

  constructor(private readonly status: Status, private readonly isDown: () => void, private readonly giveUp: (crashes: number) => void) {}

  error() {
    return { action: ErrorAction.Continue, handled: true };
  }

  async closed() {
    this.isDown();
    const now = Date.now();
    this.crashes = [...this.crashes.filter(moment => now - moment < crashWindow), now];
    if (this.crashes.length >= mostCrashes) {
      this.giveUp(this.crashes.length);
      return { action: CloseAction.DoNotRestart, handled: true };
    }
    this.status.set('starting', 'The server ended by itself and starts again.');
    void window.showWarningMessage("Infill's server ended by itself and starts again.");
    await new Promise(resolve => setTimeout(resolve, firstPause * 2 ** (this.crashes.length - 1)));
    return { action: CloseAction.Restart, handled: true };
  }
}

/** What fails while the server is down is logged: its end has been told of, and each open file is sent anew when it is back. */
class Client extends LanguageClient {
  isDown = false;

  override error(message: string, data?: unknown, showNotification?: boolean | 'force'): void {
    super.error(message, data, this.isDown ? false : showNotification);
  }
}

/** A client that is not started yet. */
export function makeClient(command: string, config: Config, ghost: Ghost, ahead: Ahead, status: Status, log: LogOutputChannel, giveUp: (crashes: number) => void): LanguageClient {
  const options: LanguageClientOptions = {
    documentSelector: ['file', 'untitled', 'vscode-notebook-cell', 'vscode-vfs', 'vscode-remote'].map(scheme => ({ scheme })),
    initializationOptions: { infill: { snapshots: 'growing' } },
    outputChannel: log,
    // Told by whoever started it, or a crash that ComeBack tells of: a second notice would only name the library's inner life.
    initializationFailedHandler: error => {
      log.warn(`The server did not get as far as its first answer: ${error.message}`);
      return false;
    },
    errorHandler: new ComeBack(status, () => { client.isDown = true; }, giveUp),
    middleware: {
      provideInlineCompletionItems: (document, position, context, token) => ghost.provide(client, document, position, context, token),
      didChange: (event, next) => {
        const sent = next(event);
        ahead.noteEdit(client, event, sent);
        return sent;
      },
      notebooks: {
        didChange: (event, next) => {
          const sent = next(event);
          for (const cell of event.cells?.textContent ?? []) ahead.noteEdit(client, cell, sent);
          return sent;
        },
      },
      handleWorkDoneProgress: (token, params, next) => token === modelProgress ? status.progress(params) : next(token, params),
      workspace: { configuration: params => params.items.map(() => config.handOver()) },
    },
  };
  const run = { command, args: ['lsp', '--stdio', ...(config.isShared ? ['--shared'] : [])], options: { env: { ...process.env, ...config.environment() } } };
  const client = new Client('infill', 'Infill', { run, debug: run }, options);
  client.onDidChangeState(({ newState }) => {
    if (newState !== State.Running) return;
    client.isDown = false;
    status.set('loading', 'Loading the model.');
  });
  return client;
}
