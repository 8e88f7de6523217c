import { env, Uri } from 'vscode';
import { type LanguageClient } from 'vscode-languageclient/node';
import { ask } from './ask';

/** What the engine does, live in the user's browser; where the window is a remote one, through a port that VS Code forwards. */
export async function openPage(client: LanguageClient): Promise<void> {
  const page = await ask<{ url: string }>(client, 'infill.page.open');
  if (page !== undefined) await env.openExternal(await env.asExternalUri(Uri.parse(page.url)));
}
