/** The messages in a stream of the base protocol; one that is not complete yet is left out. */
export function messagesIn(bytes) {
  const messages = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n\r\n', at);
    const length = end < 0 ? undefined : /Content-Length: (\d+)/i.exec(bytes.toString('latin1', at, end))?.[1];
    if (length === undefined || end + 4 + Number(length) > bytes.length) return messages;
    at = end + 4 + Number(length);
    messages.push(JSON.parse(bytes.toString('utf8', end + 4, at)));
  }
}
