import { CancellationTokenSource, Range, type InlineCompletionContext, type Position, type TextDocument } from 'vscode';
import { InlineCompletionRequest, ProgressType, type BaseLanguageClient, type InlineCompletionItem as LspItem } from 'vscode-languageclient/node';

const partialResult = new ProgressType<LspItem[]>();
let lastToken = 0;

/** A suggestion and the place in the document that it was made for. */
export interface Suggestion {
  readonly start: Position;
  /** The line behind the cursor, when it was asked for. */
  readonly behind: string;
  readonly item: LspItem;
}

/** What the server was asked for at one place, and how far it has come. */
export class Stream {
  readonly version: number;
  suggestions: readonly Suggestion[] = [];
  /** Broken: the server stopped before its end, outdone by an edit or gone, and what has come is only a part. */
  state: 'growing' | 'whole' | 'broken' = 'growing';
  /** Whether VS Code has asked for it. It may have been asked for ahead, and then VS Code need not. */
  isTaken = false;
  /** How many of VS Code's requests wait for its first text. */
  waiting = 0;
  /** What VS Code was given last: the first text, */
  shown = '';
  /** and how many in all. */
  given = 0;
  /** Resolves with the first text, or with the end where none came. */
  first: Promise<void> = Promise.resolve();
  private readonly source = new CancellationTokenSource();

  /** @param before What was shown before, and may be longer than what has come since. */
  constructor(
    readonly document: TextDocument, readonly position: Position, readonly selected: string, readonly isInvoked: boolean, readonly before: readonly Suggestion[],
  ) {
    this.version = document.version;
  }

  /** An edit has stopped it at the server, which may yet go on with what agrees: cancelled, it could not. */
  get isOutdone(): boolean {
    return this.document.version !== this.version;
  }

  /** Whether what has come so far is still being continued. */
  get isRunning(): boolean {
    return this.state === 'growing' && !this.isOutdone;
  }

  isAt(document: TextDocument, position: Position, selected: string): boolean {
    return this.document === document && !this.isOutdone && this.position.isEqual(position) && this.selected === selected;
  }

  cancel(): void {
    if (this.isRunning) this.source.cancel();
  }

  /** Resolves with the end. Called once. */
  async ask(client: BaseLanguageClient, context: InlineCompletionContext, onSnapshot: () => void): Promise<void> {
    const partialResultToken = `infill.ghost.${++lastToken}`;
    const behind = lineBehind(this.document, this.position);
    const take = (items: readonly LspItem[]) => {
      const byId = new Map(this.suggestions.map(suggestion => [idOf(suggestion.item), suggestion]));
      for (const item of items) {
        byId.set(idOf(item), { item, behind, start: item.range ? client.protocol2CodeConverter.asRange(item.range).start : this.position });
      }
      this.suggestions = [...byId.values()];
      if (items.length > 0) onSnapshot();
    };
    const listener = client.onProgress(partialResult, partialResultToken, take);
    try {
      const params = client.code2ProtocolConverter.asInlineCompletionParams(this.document, this.position, context);
      const result = await client.sendRequest(InlineCompletionRequest.type, { ...params, partialResultToken }, this.source.token);
      this.state = 'whole';
      take(Array.isArray(result) ? result : result?.items ?? []);
    } catch {
      this.state = 'broken'; // outdone by an edit, cancelled, or the server has gone: the next key asks again, and whoever shows errors has been told
    } finally {
      listener.dispose();
    }
  }

  /** What still continues the text at the cursor. While it grows, what was shown stands until more of the same has come. */
  fitting(document: TextDocument, position: Position): readonly Suggestion[] {
    if (this.document !== document) return [];
    const fits = (suggestion: Suggestion) => this.restOf(suggestion, position) !== undefined;
    const now = this.suggestions.filter(fits);
    const before = this.before.filter(fits);
    if (this.state === 'whole' || before[0] === undefined) return now;
    const rest = now[0] && this.restOf(now[0], position);
    const restBefore = this.restOf(before[0], position) ?? '';
    return rest === undefined || restBefore.startsWith(rest) ? before : now;
  }

  /** What a suggestion would still insert; undefined where it doesn't fit any more, or nothing is left of it. */
  private restOf({ start, behind, item }: Suggestion, position: Position): string | undefined {
    const text = item.insertText as string;
    if (position.isBefore(start) || lineBehind(this.document, position) !== behind) return undefined;
    // The selected entry of the suggest widget is in the text, but not in the document.
    const typed = typedSince(this.document, start, position);
    if (this.selected !== '') return text;
    return text.startsWith(typed) && text.length > typed.length ? text.slice(typed.length) : undefined;
  }
}

export function typedSince(document: TextDocument, start: Position, position: Position): string {
  return document.getText(new Range(start, position)).replaceAll('\r\n', '\n');
}

export function selectedText(context: InlineCompletionContext): string {
  return context.selectedCompletionInfo?.text ?? '';
}

function lineBehind(document: TextDocument, position: Position): string {
  return document.lineAt(position.line).text.slice(position.character);
}

function idOf(item: LspItem): string {
  return String(item.command?.arguments?.[0] ?? '');
}
