import { ResponseError } from "../errors.js";

/**
 * One server-sent event in the form of the HTML standard (section 9.2.6), with the blank line that ends it. `data` may
 * have any line ends; each line becomes a `data:` of its own and the client puts them together again.
 *
 * @throws ResponseError for an `event` or `id` that would end its line, an `id` with NUL (which clients ignore), and a
 * `retry` that is no whole number of milliseconds.
 */
export function eventText(fields: {
  readonly event?: string | undefined;
  readonly id?: string | undefined;
  readonly retry?: number | undefined;
  readonly data?: string | undefined;
}): string {
  const { event, id, retry, data } = fields;
  let text = event === undefined ? "" : `event: ${oneLine("event", event)}\n`;
  if (id !== undefined) text += `id: ${oneLine("id", id)}\n`;
  if (retry !== undefined) text += `retry: ${milliseconds(retry)}\n`;
  if (data !== undefined) text += dataLines(data);
  return `${text}\n`;
}

function dataLines(data: string): string {
  // The usual text has no line end, and looking for one is far cheaper than splitting.
  if (!/[\r\n]/.test(data)) return `data: ${data}\n`;
  return data
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}\n`)
    .join("");
}

function oneLine(field: string, text: string): string {
  if (!/[\r\n\0]/.test(text)) return text;
  throw new ResponseError(`an event's ${field} is one line of text without NUL, got ${JSON.stringify(text)}`);
}

function milliseconds(retry: number): number {
  if (Number.isSafeInteger(retry) && retry >= 0) return retry;
  throw new ResponseError(`an event's retry is a whole number of milliseconds, got ${String(retry)}`);
}
