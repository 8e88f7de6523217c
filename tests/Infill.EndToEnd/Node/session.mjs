// Drives the published server with the official LSP client and prints what happened, as one JSON object:
//   node session.mjs SCENARIO COMMAND [ARGUMENT...]
// It judges nothing; the tests read the report.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CancellationTokenSource, createProtocolConnection, DidChangeTextDocumentNotification, DidOpenTextDocumentNotification,
  ExecuteCommandRequest, ExitNotification, InitializedNotification, InitializeRequest, InlineCompletionRequest,
  InlineCompletionTriggerKind, DidChangeNotebookDocumentNotification, DidOpenNotebookDocumentNotification, NotebookCellKind, ProgressType, ShutdownRequest, StreamMessageReader, StreamMessageWriter,
} from 'vscode-languageserver-protocol/node';

const [scenario, ...command] = process.argv.slice(2);
const uri = 'file:///project/shapes.py';

/** How long the model may take to load, and a process to end, on a busy machine. */
const patience = 60_000;

/** Whoever runs the tests may have settings of their own, which are none of the tests'. */
const environment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('INFILL_'))), XDG_CONFIG_HOME: '/nonexistent',
};

/** Long enough that a suggestion is not there at once, and so regular that a small model has one to give. */
const lines = [
  'import math', '', '',
  ...['circle', 'square', 'triangle', 'hexagon', 'cube', 'sphere', 'cone', 'prism'].flatMap((name, index) => [
    `class ${name[0].toUpperCase()}${name.slice(1)}:`,
    `    def __init__(self, width, height, depth):`,
    `        self.width = width`,
    `        self.height = height`,
    `        self.depth = depth`,
    ``,
    `    def ${name}_area(self):`,
    `        return ${index + 2} * self.width * self.height`,
    ``,
    `    def ${name}_volume(self):`,
    `        return ${index + 2} * self.width * self.height * self.depth`,
    ``, ``,
  ]),
  'class Pyramid:',
  '    ',
];

/** The document and its cursor, at the end. */
class Document {
  version = 1;
  text = lines.join('\n');

  get position() {
    const all = this.text.split('\n');
    return { line: all.length - 1, character: all.at(-1).length };
  }
}

/** One server process and the client that talks to it. */
class Editor {
  document = new Document();
  messages = [];
  connectionErrors = [];
  #output = [];
  #errors = '';
  #ending = false;

  constructor(clientInfo, settings = {}, processId = process.pid) {
    this.startedAt = performance.now();
    this.process = spawn(command[0], command.slice(1), { stdio: ['pipe', 'pipe', 'pipe'], env: environment });
    this.process.stdin.on('error', () => { }); // a server that has ended already is told by its exit code
    this.exited = once(this.process, 'exit').then(([code, signal]) => ({ code, signal }));
    this.closed = once(this.process, 'close');
    this.exited.then(exit => {
      if (!this.#ending) fail(`The server ended by itself: ${JSON.stringify(exit)}\n${this.#errors}`);
    });
    this.process.stdout.on('data', chunk => this.#output.push(chunk));
    this.process.stderr.on('data', chunk => { this.#errors += chunk; });
    this.connection = createProtocolConnection(
      new StreamMessageReader(this.process.stdout), new StreamMessageWriter(this.process.stdin));
    this.connection.onError(([error]) => this.connectionErrors.push(String(error)));
    this.connection.onNotification('window/logMessage', message => this.messages.push(message));
    this.connection.onRequest('workspace/configuration', ({ items }) => items.map(() => null));
    this.connection.onRequest('window/workDoneProgress/create', () => null);
    this.connection.onRequest('client/registerCapability', () => null);
    this.connection.listen();
    this.parameters = {
      processId, clientInfo, initializationOptions: { infill: { deadline: patience, promptBudget: patience, ...settings } }, rootUri: null, workspaceFolders: null,
      capabilities: { general: { positionEncodings: ['utf-16'] }, textDocument: { inlineCompletion: {} }, workspace: { configuration: true } },
    };
  }

  async open() {
    this.initializeResult = await this.connection.sendRequest(InitializeRequest.type, this.parameters);
    this.initializeMilliseconds = performance.now() - this.startedAt;
    await this.connection.sendNotification(InitializedNotification.type, {});
    await this.connection.sendNotification(DidOpenTextDocumentNotification.type, {
      textDocument: { uri, languageId: 'python', version: this.document.version, text: this.document.text },
    });
  }

  /** Sent at once, in the order of the calls; the promise is the answer, or the error's code. */
  ask({ partialResultToken, cancellation, position = this.document.position, cell = uri } = {}) {
    const asked = performance.now();
    return this.connection.sendRequest(InlineCompletionRequest.type, {
      textDocument: { uri: cell }, position, context: { triggerKind: InlineCompletionTriggerKind.Invoked }, partialResultToken,
    }, cancellation?.token).then(
      result => ({ result, milliseconds: performance.now() - asked }),
      error => ({ error: { code: error.code, message: error.message }, milliseconds: performance.now() - asked }));
  }

  /** Asks and takes everything that comes through $/progress. */
  async askInParts(onPart = () => { }, cancellation) {
    const partialResultToken = `parts-${Editor.#tokens++}`;
    const parts = [];
    const listening = this.connection.onProgress(new ProgressType(), partialResultToken, value => {
      parts.push(value);
      onPart(value);
    });
    const answer = await this.ask({ partialResultToken, cancellation });
    listening.dispose();
    return { parts, ...answer };
  }

  static #tokens = 0;

  type(text) {
    const { position } = this.document;
    this.document.version++;
    this.document.text += text;
    return this.connection.sendNotification(DidChangeTextDocumentNotification.type, {
      textDocument: { uri, version: this.document.version },
      contentChanges: [{ range: { start: position, end: position }, text }],
    });
  }

  /** Until the model is there and has something to say. */
  async warmUp() {
    const deadline = performance.now() + patience;
    for (;;) {
      const answer = await this.ask();
      if (answer.result?.items?.length > 0 || performance.now() > deadline) return answer;
      await delay(50);
    }
  }

  async close() {
    this.#ending = true;
    const shutdown = await this.connection.sendRequest(ShutdownRequest.type).then(() => 'answered', error => error.message);
    const afterShutdown = await this.ask();
    await this.connection.sendNotification(ExitNotification.type);
    return { shutdown, afterShutdown, exit: await this.end() };
  }

  /** Waits for the process to end by itself; ends it where it doesn't. */
  async end() {
    this.#ending = true;
    const timer = setTimeout(() => this.process.kill('SIGKILL'), patience / 2);
    const exit = await this.exited;
    await this.closed;
    clearTimeout(timer);
    return exit;
  }

  report() {
    return {
      initialize: this.initializeResult, initializeMilliseconds: this.initializeMilliseconds, messages: this.messages,
      connectionErrors: this.connectionErrors, output: readFrames(Buffer.concat(this.#output)), errors: this.#errors.slice(-20_000),
    };
  }
}

function fail(reason) {
  console.error(reason);
  process.exit(1);
}

/** What stdout holds, read with none of the client's code: complete frames of JSON, and whatever else. */
function readFrames(bytes) {
  let frames = 0;
  while (bytes.length > 0) {
    const headerEnd = bytes.indexOf('\r\n\r\n');
    const header = bytes.toString('latin1', 0, Math.max(headerEnd, 0));
    const match = /^(?:[^\r\n]+\r\n)*?Content-Length: (\d+)(?:\r\n[^\r\n]+)*$/i.exec(header);
    const length = Number(match?.[1]);
    const body = match ? bytes.subarray(headerEnd + 4, headerEnd + 4 + length) : undefined;
    try {
      if (body?.length !== length || JSON.parse(body.toString('utf8')).jsonrpc !== '2.0') break;
    } catch {
      break;
    }
    frames++;
    bytes = bytes.subarray(headerEnd + 4 + length);
  }
  return { frames, stray: bytes.toString('utf8').slice(0, 2_000) };
}

const client = { name: 'infill-endtoend' };

const scenarios = {
  /** Everything a plain client does, from start to exit. */
  async session() {
    const editor = new Editor(client);
    await editor.open();
    const { position } = editor.document;
    const whole = await editor.warmUp();
    const inParts = await editor.askInParts();
    await editor.type('d');
    const afterTyping = { position: editor.document.position, ...await editor.ask() };
    const accepted = await editor.connection
      .sendRequest(ExecuteCommandRequest.type, { command: whole.result?.items?.[0]?.command?.command ?? '', arguments: whole.result?.items?.[0]?.command?.arguments })
      .then(() => 'answered', error => error.message);
    const unknown = await editor.connection.sendRequest('infill/noSuchMethod', {}).then(() => ({}), error => ({ code: error.code, message: error.message }));
    return { position, whole, inParts, afterTyping, accepted, unknown, ...await editor.close(), ...editor.report() };
  },

  /** A notebook: what is typed in the second cell goes on from the first. */
  async notebook() {
    const editor = new Editor(client);
    await editor.open();
    await editor.warmUp();
    const [notebook, above, cell] = ['file:///project/study.ipynb', ...['above', 'below'].map(name => `vscode-notebook-cell:/project/study.ipynb#${name}`)];
    const item = (uri, text) => ({ uri, languageId: 'python', version: 1, text });
    await editor.connection.sendNotification(DidOpenNotebookDocumentNotification.type, {
      notebookDocument: { uri: notebook, notebookType: 'jupyter-notebook', version: 1, cells: [above, cell].map(document => ({ kind: NotebookCellKind.Code, document })) },
      cellTextDocuments: [item(above, lines.slice(0, -3).join('\n')), item(cell, lines.slice(-2).join('\n'))],
    });
    const position = { line: 1, character: 4 };
    const whole = await editor.ask({ cell, position });
    await editor.connection.sendNotification(DidChangeNotebookDocumentNotification.type, {
      notebookDocument: { uri: notebook, version: 2 },
      change: { cells: { textContent: [{ document: { uri: cell, version: 2 }, changes: [{ range: { start: position, end: position }, text: 'd' }] }] } },
    });
    const afterTyping = await editor.ask({ cell, position: { line: 1, character: 5 } });
    return { position, whole, afterTyping, ...await editor.close(), ...editor.report() };
  },

  /** A client that takes one suggestion as it grows. */
  async growing() {
    const editor = new Editor(client, { snapshots: 'growing' });
    await editor.open();
    const whole = await editor.warmUp();
    await editor.type('d'); // so that the suggestion is made anew
    const inParts = await editor.askInParts();
    return { whole, inParts, ...await editor.close(), ...editor.report() };
  },

  /** $/cancelRequest, before anything came and after the first snapshot. */
  async cancel() {
    const editor = new Editor(client, { snapshots: 'growing' });
    await editor.open();
    await editor.warmUp();

    await editor.type('d');
    const early = new CancellationTokenSource();
    const asked = editor.askInParts(undefined, early);
    early.cancel();
    const atOnce = await asked;

    // A small model may be done before the cancel arrives, so there are several tries.
    let afterFirstSnapshot;
    let tries = 0;
    do {
      await editor.type('\n\n\nclass Pyramid:\n    ');
      const late = new CancellationTokenSource();
      afterFirstSnapshot = await editor.askInParts(() => late.cancel(), late);
    } while (!afterFirstSnapshot.error && ++tries < 20);

    const next = await editor.ask();
    return { atOnce, afterFirstSnapshot, tries, next, ...await editor.close(), ...editor.report() };
  },

  /** The user types on while a suggestion is being made. */
  supersede: () => supersede(client),
  'supersede-neovim': () => supersede({ name: 'Neovim', version: '0.12.4' }),

  /** The editor says exit without shutdown. */
  async 'exit-without-shutdown'() {
    const editor = new Editor(client);
    await editor.open();
    await editor.connection.sendNotification(ExitNotification.type);
    return { exit: await editor.end(), ...editor.report() };
  },

  /** The editor's end of the pipe closes and nothing else is said. */
  async 'input-closed'() {
    const editor = new Editor(client);
    await editor.open();
    editor.process.stdin.end();
    return { exit: await editor.end(), ...editor.report() };
  },

  /** The process that called itself the editor dies, while the pipes stay open. */
  async 'parent-gone'() {
    const parent = spawn('sleep', ['600'], { stdio: 'ignore' });
    const editor = new Editor(client, undefined, parent.pid);
    await editor.open();
    const before = await editor.warmUp();
    const gone = once(parent, 'exit');
    parent.kill('SIGKILL');
    await gone;
    const at = performance.now();
    const exit = await editor.end();
    return { before, exit, milliseconds: performance.now() - at, ...editor.report() };
  },
};

async function supersede(clientInfo) {
  const editor = new Editor(clientInfo);
  await editor.open();
  await editor.warmUp();
  const outdone = editor.ask();
  await editor.type('d');
  const { position } = editor.document;
  const newest = editor.ask();
  return { outdone: await outdone, newest: await newest, position, ...await editor.close(), ...editor.report() };
}

const hung = setTimeout(() => fail(`The scenario ${scenario} did not end.`), 3 * patience);
const report = await scenarios[scenario]();
clearTimeout(hung);
process.stdout.write(JSON.stringify(report) + '\n', () => process.exit(0));
