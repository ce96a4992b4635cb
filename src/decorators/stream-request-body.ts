import type { Class } from "../concurrent.js";
import { recordStreamedBody } from "../metadata.js";

/**
 * Hands the request's body to the decorated handler as it comes in, in the place of reading it whole before `prepare`: for
 * uploads that are too long for memory. It only records; subclasses of the class inherit it.
 *
 * `prepare` runs with the headers alone: refuse there who may not send, and a client that waits for `100 Continue` sends
 * nothing. Then either `dataReceived(chunk)` gets the chunks and the verb runs after the last one, as in Tornado; or, in a
 * class without that method, the verb runs at once and reads `this.bodyStream()`. Limits, decompression and timeouts are
 * those of any body; there are no body arguments, no files and no `json()`.
 *
 * @example
 * @StreamRequestBody()
 * @Route("/backup/:id", { bodyLimit: 10 * 2 ** 30, bodyTimeout: 3_600_000 })
 * class BackupHandler extends RequestHandler {
 *   async put(id: string) { await pipeline(this.bodyStream(), createWriteStream(`/srv/backup/${Number(id)}`)); }
 * }
 *
 * Source: Tornado's `stream_request_body`.
 */
export function StreamRequestBody(): (target: Class) => void {
  return (target) => recordStreamedBody(target);
}
