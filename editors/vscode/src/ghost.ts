import {
  commands, InlineCompletionItem, InlineCompletionTriggerKind, languages, Range, window,
  type CancellationToken, type Disposable, type InlineCompletionContext, type Position, type TextDocument,
} from 'vscode';
import { type BaseLanguageClient } from 'vscode-languageclient/node';
import { selectedText, Stream, typedSince } from './stream';

const trigger = 'editor.action.inlineSuggest.trigger';
const providerId = 'infill.infill:*'; // whichever of this extension was registered last
const byItself: InlineCompletionContext = { triggerKind: InlineCompletionTriggerKind.Automatic, selectedCompletionInfo: undefined };

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
  /** Requests that the server has not answered. */
  private asked = 0;
  /** Whether VS Code was told last that more comes. */
  private isMoreTold = false;

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
    const selected = selectedText(context);
    const kept = known?.selected === selected ? known.fitting(document, position) : [];
    const isHere = known?.isAt(document, position, selected) ?? false;
    if (!isInvoked && known && kept.length > 0 && (known.state === 'whole' || known.isRunning)) return this.items(known, document, position);
    if (known?.isInvoked && known.state === 'whole' && kept.length > 0 && isHere) return this.items(known, document, position);

    // Asked for already: ahead, or by VS Code, which asks each provider, and asks again where nothing came. Else the edit has
    // stopped what was being made; what of it still fits stays on the screen until more has come.
    const isJoined = known !== undefined && isHere && (known.isInvoked || !isInvoked) && (known.isRunning || (known.state === 'whole' && !(isInvoked && known.isTaken)));
    const isNextWanted = isInvoked && kept.length > 0; // the others come last; VS Code turns to the second of those that it is given
    const stream = isJoined ? known : this.begin(client, new Stream(document, position, selected, isInvoked, kept), context, isNextWanted);
    stream.isTaken = true;
    if (kept.length === 0 || isNextWanted) await this.firstOf(stream, token);
    return token.isCancellationRequested ? undefined : this.items(stream, document, position);
  }

  /** Asks the server for what VS Code is about to ask for, unless that is known already. */
  askAhead(client: BaseLanguageClient, document: TextDocument, position: Position): Stream | undefined {
    if (!this.isEnabled(document)) return undefined;
    const known = this.stream;
    if (known && known.selected !== '') return undefined; // beside the suggest widget, which may now select another entry
    const kept = known?.fitting(document, position) ?? [];
    if (known && kept.length > 0 && (known.state === 'whole' || known.isRunning)) return undefined;
    if (known?.isAt(document, position, '') && known.state !== 'broken') return undefined;
    return this.begin(client, new Stream(document, position, '', false, kept), byItself, false);
  }

  /** VS Code has not come for what was asked ahead. */
  giveUp(stream: Stream): void {
    if (!stream.isTaken) this.abandon(stream);
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

  /** Waits for the first text. What nobody waits for any more is given up. */
  private async firstOf(stream: Stream, token: CancellationToken): Promise<void> {
    let listener: Disposable | undefined;
    stream.waiting++;
    await Promise.race([stream.first, new Promise<void>(resolve => { listener = token.onCancellationRequested(() => resolve()); })]);
    stream.waiting--;
    listener?.dispose(); // answered: VS Code cancels each request when it has its answer, and there is more to come
    if (!token.isCancellationRequested) return;
    setTimeout(() => { // an edit counts as such only after its event, and VS Code may be asking anew for what it cancels
      if (stream.waiting === 0 && stream.isRunning) this.abandon(stream);
    });
  }

  private abandon(stream: Stream): void {
    stream.cancel();
    if (this.growing === stream) this.growing = undefined;
    if (this.stream === stream) this.stream = undefined;
    this.tellWhetherMoreComes();
  }

  /** Until all of it is on the screen, Escape is a matter of this class: VS Code would show what it has been asked to. */
  private tellWhetherMoreComes(): void {
    const comesMore = this.stream?.state === 'growing' || this.growing !== undefined;
    if (this.isMoreTold === comesMore) return;
    this.isMoreTold = comesMore;
    void commands.executeCommand('setContext', 'infill.isStreaming', comesMore);
  }

  private isHidden(document: TextDocument, position: Position): boolean {
    return this.hidden?.document === document && this.hidden.version === document.version && this.hidden.position.isEqual(position);
  }

  /** Asks the server; takes the place of what was made before. Its `first` is its first snapshot, unless the whole is wanted. */
  private begin(client: BaseLanguageClient, stream: Stream, context: InlineCompletionContext, isWholeWanted: boolean): Stream {
    const former = this.stream;
    this.stream = stream;
    if (former) this.abandon(former);
    this.tellWhetherMoreComes();
    this.onWorking(++this.asked > 0);
    const began = performance.now();
    stream.first = new Promise(resolve => {
      let isFirst = true;
      const more = () => {
        if (isFirst) this.onFirstText(performance.now() - began);
        isFirst = false;
        if (isWholeWanted) return;
        resolve();
        this.grow(client, stream);
      };
      void stream.ask(client, context, more).then(() => {
        if (stream.state === 'broken' && stream.suggestions.length === 0 && this.stream === stream) this.stream = undefined;
        this.onWorking(--this.asked > 0);
        resolve();
        this.grow(client, stream);
        this.tellWhetherMoreComes();
      });
    });
    return stream;
  }

  /** Has VS Code ask again, where it shows less than there is. One at a time: the next begins when this one is on the screen. */
  private grow(client: BaseLanguageClient, stream: Stream): void {
    if (stream !== this.stream || this.growing || stream.shown === '') return;
    const editor = window.activeTextEditor;
    const document = editor?.document;
    if (!editor || document !== stream.document || stream.isOutdone || !editor.selection.active.isEqual(stream.position)) return;
    const fitting = stream.fitting(document, stream.position);
    if ((fitting[0]?.item.insertText ?? '') === stream.shown && fitting.length === stream.given) return;
    this.growing = stream;

    // VS Code does not ask those again that it asked for this text already, so a new provider has to answer; it alone is
    // asked, and the former goes. What is on the screen stays there until the answer has come, and is then replaced: asked
    // for explicitly, the answer would be an alternative behind it. Where a key came in between, VS Code takes this answer for
    // that key's too, so that it has to be as good as any.
    const former = this.grower;
    this.grower = languages.registerInlineCompletionItemProvider({ scheme: document.uri.scheme }, {
      provideInlineCompletionItems: (asked, position, context, token) => this.growing === stream && stream.isAt(asked, position, selectedText(context))
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
    const suggestions = stream.fitting(document, position);
    stream.isTaken = true;
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
}
