import { type CancellationToken, ProgressLocation, window } from 'vscode';
import { ExecuteCommandRequest, type LanguageClient, LSPErrorCodes, ResponseError, WorkDoneProgress } from 'vscode-languageclient/node';

let lastToken = 0;

/** Has the server do it, with its progress where there is a title; what goes wrong is told. */
export async function ask<T>(client: LanguageClient, command: string, name?: string, title?: string): Promise<T | undefined> {
  try {
    if (title === undefined) return await client.sendRequest(ExecuteCommandRequest.type, { command }) as T;
    return await window.withProgress({ location: ProgressLocation.Notification, title, cancellable: true }, (progress, token) =>
      askShown<T>(client, command, name, token, (message, percentage) => progress.report(percentage === undefined ? { message } : { message, increment: percentage })));
  } catch (error) {
    const isStopped = error instanceof ResponseError && error.code === LSPErrorCodes.RequestCancelled;
    if (!isStopped) void window.showErrorMessage(`Infill: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

async function askShown<T>(client: LanguageClient, command: string, name: string | undefined, token: CancellationToken, show: (message: string, increment?: number) => void): Promise<T> {
  const workDoneToken = `infill.choice.${++lastToken}`;
  let shown = 0;
  const listener = client.onProgress(WorkDoneProgress.type, workDoneToken, value => {
    if (value.kind === 'end') return;
    const now = value.percentage ?? shown;
    show(value.message ?? `${now} %`, now - shown); // VS Code draws a share of a line and no figure
    shown = now;
  });
  try {
    return await client.sendRequest(ExecuteCommandRequest.type, { command, arguments: name === undefined ? [] : [name], workDoneToken }, token) as T;
  } finally {
    listener.dispose();
  }
}
