import {
  CancellationTokenSource, commands, InlineCompletionItem, InlineCompletionTriggerKind, languages, Position, Range, window,
  type CancellationToken, type Disposable, type InlineCompletionContext, type TextDocument,
} from 'vscode';
import { InlineCompletionRequest, ProgressType, type BaseLanguageClient, type InlineCompletionItem as LspItem } from 'vscode-languageclient/node';

const partialResult = new ProgressType<LspItem[]>();
const trigger = 'editor.action.inlineSuggest.trigger';
const providerId = 'infill.infill:*'; // whichever of this extension was registered last

/** A suggestion and the place in the document that it was made for. */
interface Suggestion {
  readonly start: Position;
  /** The line behind the cursor, when it was asked for. */
  readonly behind: string;
  readonly item: LspItem;
}

/** What the server was asked for at one place, and how far it has come. */
interface Stream {
  readonly document: TextDocument;
  readonly version: number;
  readonly position: Position;
  readonly selected: string;
  readonly isInvoked: boolean;
  readonly source: CancellationTokenSource;
  /** What was shown before, and may be longer than what has come since. */
  readonly before: readonly Suggestion[];
  suggestions: readonly Suggestion[];
  /** Broken: the server stopped before its end, outdone by an edit or gone, and what has come is only a part. */
  state: 'growing' | 'whole' | 'broken';
  /** What VS Code was given last: the first text, */
  shown: string;
  /** and how many in all. */
  given: number;
  /** Resolves with the first snapshot, or with the end where none came. */
  first: Promise<void>;
}

/**
 * Ghost text that grows. VS Code takes a provider's answer once; so the first snapshot is that answer, and each later one
 * has VS Code ask again, which is answered from here. The server never hears of those.
 */
export class Ghost implements Disposable {
  private stream: Stream | undefined;
  /** Asked for again, until that is on the screen. */
  private growing: Stream | undefined;
  private grower: Disposable | undefined;
  /** Where the user has hidden what was there; only by hand is more asked for there. */
  private hidden: { readonly document: TextDocument; readonly version: number; readonly position: Position } | undefined;
  private lastToken = 0;
  /** Requests that the server has not answered. */
  private asked = 0;

  constructor(private readonly isEnabled: (document: TextDocument) => boolean, private readonly onFirstText: (milliseconds: number) => void, private readonly onWorking: (isWorking: boolean) => void) {}

  async provide(client: BaseLanguageClient, document: TextDocument, position: Position, context: InlineCompletionContext, token: CancellationToken): Promise<InlineCompletionItem[] | undefined> {
    const isInvoked = context.triggerKind === InlineCompletionTriggerKind.Invoke;
    if (!isInvoked && this.isHidden(document, position)) return undefined;
    this.hidden = undefined;
    if (!isInvoked && !this.isEnabled(document)) {
      this.stop();
      return undefined;
    }

    const known = this.stream;
    const kept = known && known.selected === selectedText(context) ? this.fitting(known, document, position) : [];
    if (!isInvoked && known && kept.length > 0 && (known.state === 'whole' || isRunning(known))) return this.items(known, document, position);
    if (known?.isInvoked && known.state === 'whole' && kept.length > 0 && isAt(known, document, position, context)) return this.items(known, document, position);
    if (known && isRunning(known) && isAt(known, document, position, context) && (known.isInvoked || !isInvoked)) {
      await known.first; // asked for twice at one place
      if (token.isCancellationRequested) return undefined;
      if (known.state !== 'broken') return this.items(known, document, position); // else who asked first has given it up
    }

    // The edit has stopped what was being made; what of it still fits stays on the screen until more has come.
    const stream: Stream = {
      document, version: document.version, position, selected: selectedText(context), isInvoked, source: new CancellationTokenSource(),
      before: kept, suggestions: [], state: 'growing', shown: '', given: 0, first: Promise.resolve(),
    };
    this.stop();
    this.stream = stream;
    const isNextWanted = isInvoked && kept.length > 0; // the others come last; VS Code turns to the second of those that it is given
    stream.first = this.ask(client, stream, document, context, isNextWanted);
    const listener = token.onCancellationRequested(() => {
      queueMicrotask(() => { // an edit counts as such only after its event
        if (isRunning(stream)) this.abandon(stream);
      });
    });
    if (kept.length === 0 || isNextWanted) await stream.first;
    listener.dispose(); // answered: VS Code cancels each request when it has its answer, and there is more to come
    return token.isCancellationRequested ? undefined : this.items(stream, document, position);
  }

  /** Stops what is being made, and forgets what was. */
  stop(): void {
    if (this.stream) this.abandon(this.stream);
  }

  /** Takes what there is off the screen, for good: VS Code may be about to ask for what has grown. */
  async hide(): Promise<void> {
    const editor = window.activeTextEditor;
    this.hidden = editor && { document: editor.document, version: editor.document.version, position: editor.selection.active };
    this.stop();
    await commands.executeCommand('editor.action.inlineSuggest.hide');
  }

  dispose(): void {
    this.stop();
    this.grower?.dispose();
  }

  private abandon(stream: Stream): void {
    if (isRunning(stream)) stream.source.cancel();
    if (this.growing === stream) this.growing = undefined;
    if (this.stream === stream) this.stream = undefined;
    this.tellWhetherMoreComes();
  }

  /** Until all of it is on the screen, Escape is a matter of this class: VS Code would show what it has been asked to. */
  private tellWhetherMoreComes(): void {
    void commands.executeCommand('setContext', 'infill.isStreaming', this.stream?.state === 'growing' || this.growing !== undefined);
  }

  private isHidden(document: TextDocument, position: Position): boolean {
    return this.hidden?.document === document && this.hidden.version === document.version && this.hidden.position.isEqual(position);
  }

  /** Resolves with the first snapshot, unless the whole is wanted, or with the end. */
  private ask(client: BaseLanguageClient, stream: Stream, document: TextDocument, context: InlineCompletionContext, isWholeWanted: boolean): Promise<void> {
    this.tellWhetherMoreComes();
    this.onWorking(++this.asked > 0);
    const began = performance.now();
    const partialResultToken = `infill.ghost.${++this.lastToken}`;
    const behind = lineBehind(document, stream.position);
    return new Promise(resolve => {
      const take = (items: readonly LspItem[]) => {
        const byId = new Map(stream.suggestions.map(suggestion => [idOf(suggestion.item), suggestion]));
        for (const item of items) {
          byId.set(idOf(item), { item, behind, start: item.range ? client.protocol2CodeConverter.asRange(item.range).start : stream.position });
        }
        if (stream.suggestions.length === 0 && items.length > 0) this.onFirstText(performance.now() - began);
        stream.suggestions = [...byId.values()];
      };
      const listener = client.onProgress(partialResult, partialResultToken, items => {
        take(items);
        if (isWholeWanted) return;
        resolve();
        this.grow(client, stream);
      });
      const params = client.code2ProtocolConverter.asInlineCompletionParams(document, stream.position, context);
      client.sendRequest(InlineCompletionRequest.type, { ...params, partialResultToken }, stream.source.token)
        .then(result => {
          take(Array.isArray(result) ? result : result?.items ?? []);
          stream.state = 'whole';
        }, () => {
          // Outdone by an edit, cancelled, or the server has gone: the next key asks again, and whoever shows errors has been told.
          stream.state = 'broken';
          if (stream.suggestions.length === 0 && this.stream === stream) this.stream = undefined;
        })
        .finally(() => {
          listener.dispose();
          this.onWorking(--this.asked > 0);
          resolve();
          this.grow(client, stream);
          this.tellWhetherMoreComes();
        });
    });
  }

  /** Has VS Code ask again, where it shows less than there is. One at a time: the next begins when this one is on the screen. */
  private grow(client: BaseLanguageClient, stream: Stream): void {
    if (stream !== this.stream || this.growing || stream.shown === '') return;
    const editor = window.activeTextEditor;
    const document = editor?.document;
    if (!editor || document !== stream.document || isOutdone(stream) || !editor.selection.active.isEqual(stream.position)) return;
    const fitting = this.fitting(stream, document, stream.position);
    if ((fitting[0]?.item.insertText ?? '') === stream.shown && fitting.length === stream.given) return;
    this.growing = stream;

    // VS Code does not ask those again that it asked for this text already, so a new provider has to answer; it alone is
    // asked, and the former goes. What is on the screen stays there until the answer has come, and is then replaced: asked
    // for explicitly, the answer would be an alternative behind it. Where a key came in between, VS Code takes this answer for
    // that key's too, so that it has to be as good as any.
    const former = this.grower;
    this.grower = languages.registerInlineCompletionItemProvider({ scheme: document.uri.scheme }, {
      provideInlineCompletionItems: (asked, position, context, token) => this.growing === stream && isAt(stream, asked, position, context)
        ? this.items(stream, asked, position)
        : this.provide(client, asked, position, context, token),
    });
    former?.dispose();
    const done = () => {
      if (this.growing !== stream) return;
      this.growing = undefined;
      this.grow(client, stream);
      this.tellWhetherMoreComes();
    };
    void commands.executeCommand(trigger, { providerId, explicit: false }).then(done, done);
  }

  private items(stream: Stream, document: TextDocument, position: Position): InlineCompletionItem[] {
    const suggestions = this.fitting(stream, document, position);
    stream.shown = suggestions[0]?.item.insertText as string | undefined ?? '';
    stream.given = suggestions.length;
    return suggestions.map(({ item, start }) => {
      const text = item.insertText as string;
      // A range ends on the line where it begins; behind a line break only the rest is left to insert.
      const isHere = start.line === position.line;
      const made = isHere
        ? new InlineCompletionItem(text, new Range(start, position))
        : new InlineCompletionItem(text.slice(typedSince(document, start, position).length), new Range(position, position));
      if (item.command) made.command = { title: item.command.title, command: item.command.command, ...(item.command.arguments ? { arguments: item.command.arguments } : {}) };
      return made;
    });
  }

  /** What still continues the text at the cursor. While it grows, what was shown stands until more of the same has come. */
  private fitting(stream: Stream, document: TextDocument, position: Position): readonly Suggestion[] {
    if (stream.document !== document) return [];
    const fits = (suggestion: Suggestion) => restOf(suggestion, stream, document, position) !== undefined;
    const now = stream.suggestions.filter(fits);
    const before = stream.before.filter(fits);
    if (stream.state === 'whole' || before[0] === undefined) return now;
    const rest = now[0] && restOf(now[0], stream, document, position);
    const restBefore = restOf(before[0], stream, document, position) ?? '';
    return rest === undefined || restBefore.startsWith(rest) ? before : now;
  }
}

/** What a suggestion would still insert; undefined where it doesn't fit any more, or nothing is left of it. */
function restOf({ start, behind, item }: Suggestion, stream: Stream, document: TextDocument, position: Position): string | undefined {
  const text = item.insertText as string;
  if (position.isBefore(start) || lineBehind(document, position) !== behind) return undefined;
  // The selected entry of the suggest widget is in the text, but not in the document.
  const typed = typedSince(document, start, position);
  if (stream.selected !== '') return text;
  return text.startsWith(typed) && text.length > typed.length ? text.slice(typed.length) : undefined;
}

function typedSince(document: TextDocument, start: Position, position: Position): string {
  return document.getText(new Range(start, position)).replaceAll('\r\n', '\n');
}

function lineBehind(document: TextDocument, position: Position): string {
  return document.lineAt(position.line).text.slice(position.character);
}

function selectedText(context: InlineCompletionContext): string {
  return context.selectedCompletionInfo?.text ?? '';
}

/** An edit has stopped it at the server, which may yet go on with what agrees: cancelled, it could not. */
function isOutdone(stream: Stream): boolean {
  return stream.document.version !== stream.version;
}

/** Whether what has come so far is still being continued. */
function isRunning(stream: Stream): boolean {
  return stream.state === 'growing' && !isOutdone(stream);
}

function isAt(stream: Stream, document: TextDocument, position: Position, context: InlineCompletionContext): boolean {
  return stream.document === document && !isOutdone(stream) && stream.position.isEqual(position) && stream.selected === selectedText(context);
}

function idOf(item: LspItem): string {
  return String(item.command?.arguments?.[0] ?? '');
}
