import {
  TextEditorSelectionChangeKind, window, workspace,
  type Disposable, type Position, type TextDocument, type TextDocumentChangeEvent, type TextEditorSelectionChangeEvent,
} from 'vscode';
import { type BaseLanguageClient } from 'vscode-languageclient/node';
import { type Ghost } from './ghost';
import { type Stream } from './stream';

const patience = 300; // ms; VS Code waits 50 before it asks
const mostOfAKey = 2; // characters: a pair of brackets, half of which VS Code adds, or the two parts of an emoji

/** A key's edit whose cursor has not been told yet. */
interface Key {
  readonly client: BaseLanguageClient;
  readonly document: TextDocument;
  readonly version: number;
  /** Where it was written, in UTF-16 units: the cursor is in it, or behind it. */
  readonly offset: number;
  readonly length: number;
  /** Resolves when the server has been sent it: what is asked for must not overtake its text. */
  readonly sent: Promise<void>;
}

/**
 * Asks the server at the key, while VS Code still waits for another; what it asks for then is there or on its way. VS Code may
 * not come for it, as the cursor has gone elsewhere or the suggest widget has opened: then it is given up.
 */
export class Ahead implements Disposable {
  private key: Key | undefined;
  private asked: Stream | undefined;
  private patience: NodeJS.Timeout | undefined;
  private readonly listeners: Disposable[];

  constructor(private readonly ghost: Ghost) {
    this.listeners = [
      window.onDidChangeTextEditorSelection(event => this.follow(event)),
      window.onDidChangeActiveTextEditor(() => this.giveUp()),
    ];
  }

  /** An edit is on its way to the server. Its cursor comes with an event of its own, after this. */
  noteEdit(client: BaseLanguageClient, event: TextDocumentChangeEvent, sent: Promise<void>): void {
    const { document, contentChanges: [change] } = event;
    if (document !== window.activeTextEditor?.document) return;
    this.key = change && isKey(event) ? { client, document, version: document.version, offset: change.rangeOffset, length: change.text.length, sent } : undefined;
  }

  dispose(): void {
    this.giveUp();
    for (const listener of this.listeners) listener.dispose();
  }

  private follow({ textEditor, selections, kind }: TextEditorSelectionChangeEvent): void {
    if (textEditor !== window.activeTextEditor) return;
    const key = this.key;
    this.key = undefined;
    const isMoved = kind === TextEditorSelectionChangeKind.Mouse || kind === TextEditorSelectionChangeKind.Command;
    const [selection, ...others] = selections;
    if (key?.document === textEditor.document && !isMoved && selection?.isEmpty && others.length === 0 && isWithin(key, selection.active)) {
      key.sent.then(() => this.ask(key, selection.active), () => {}); // whoever sends it tells why it could not be
    } else {
      this.giveUp();
    }
  }

  private ask({ client, document, version }: Key, position: Position): void {
    const editor = window.activeTextEditor;
    if (editor?.document !== document || document.version !== version || !editor.selection.active.isEqual(position)) return;
    if (!client.isRunning() || !workspace.getConfiguration('editor', document).get('inlineSuggest.enabled', true)) return;
    clearTimeout(this.patience);
    this.asked = this.ghost.askAhead(client, document, position);
    if (this.asked) this.patience = setTimeout(() => this.giveUp(), patience);
  }

  private giveUp(): void {
    clearTimeout(this.patience);
    if (this.asked) this.ghost.giveUp(this.asked);
    this.asked = undefined;
  }
}

/**
 * Whether an edit looks like a key: a character, a line break with its indentation, or a deletion of one. What is pasted, or
 * written by a program, is left to VS Code, which does not ask for all of it.
 */
function isKey({ contentChanges: [change, ...others], reason }: TextDocumentChangeEvent): boolean {
  if (!change || others.length > 0 || reason !== undefined) return false; // a reason: undone or redone
  return change.text === '' ? change.rangeLength <= mostOfAKey : change.text.trim().length <= mostOfAKey;
}

/** A deletion forwards leaves the cursor where it is: what is heard of it next is a move. */
function isWithin({ document, offset, length }: Key, position: Position): boolean {
  const at = document.offsetAt(position);
  return at >= offset && at <= offset + length;
}
