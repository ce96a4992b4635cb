import { Finish, HTTPError } from "../errors.js";
import { type Validators, evaluateConditions } from "../http/conditional.js";
import type { Exchange } from "./exchange.js";

/** Ends the request when its conditions say so; see `RequestHandler.checkConditions`. */
export function checkConditions({ message, response }: Exchange, current: Validators | undefined): void {
  const { method = "", headers } = message;
  const verdict = evaluateConditions(method, headers, current);
  if (verdict === "failed") throw new HTTPError(412);
  if (method !== "GET" && method !== "HEAD") return;
  if (current?.etag !== undefined) response.setHeader("Etag", current.etag);
  if (current?.lastModified !== undefined) response.setHeader("Last-Modified", current.lastModified);
  if (verdict === "perform") return;
  response.setStatus(304);
  throw new Finish();
}
