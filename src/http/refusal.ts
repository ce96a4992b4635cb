import { type IncomingMessage, STATUS_CODES, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { generalLog } from "../log.js";
import type { Refusal } from "./gate.js";
import type { HTTPSettings } from "./limits.js";
import { endAfterDraining } from "./linger.js";
import { remoteIpOf } from "./request.js";

/** Answers a parsed request with a status and nothing else, says so once in the log, and closes the connection. */
export function refuseRequest(
  message: IncomingMessage,
  response: ServerResponse,
  refusal: Refusal,
  settings: HTTPSettings,
): void {
  logRefusal(refusal, message.socket, `${message.method} ${message.url}`);
  const body = refusalText(refusal.status);
  response.shouldKeepAlive = false;
  response.statusCode = refusal.status;
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.setHeader("Content-Length", body.length);
  endAfterDraining(message, response, message.method === "HEAD" ? "" : body, settings);
}

/** The same for a connection on which no request could be parsed. */
export function refuseConnection(socket: Socket, refusal: Refusal, settings: HTTPSettings): void {
  logRefusal(refusal, socket, "unparsed request");
  const timer = setTimeout(() => socket.destroy(), settings.closeLinger);
  // Node reports a fault of a connection once; a reset that follows it must not become an uncaught error.
  socket.on("error", () => socket.destroy());
  socket.once("close", () => clearTimeout(timer));
  socket.end(rawAnswer(refusal.status));
  // After CONNECT and Upgrade nobody reads any more, and the client's close would go unseen.
  socket.resume();
}

/** A complete answer: no version, no reason beyond the standard phrase, nothing of what the client sent. */
function rawAnswer(status: number): string {
  const body = refusalText(status);
  return [
    `HTTP/1.1 ${statusLine(status)}`,
    "Connection: close",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${body.length}`,
    "",
    body,
  ].join("\r\n");
}

function statusLine(status: number): string {
  return `${status} ${STATUS_CODES[status] ?? "Refused"}`;
}

function refusalText(status: number): string {
  return `${statusLine(status)}\n`;
}

/** Long targets are cut: what a client sends must not fill the log. */
const loggedLength = 200;

function logRefusal(refusal: Refusal, socket: Socket, what: string): void {
  const shown = what.length > loggedLength ? `${what.slice(0, loggedLength)}…` : what;
  generalLog.info(`${refusal.status} ${shown} (${remoteIpOf(socket)}): ${refusal.reason}`);
}
