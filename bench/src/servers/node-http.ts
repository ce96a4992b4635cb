/** Bare `node:http`: what any framework on it costs more than. With `--one-etag` it knows the Etag and works out none. */
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import { createReadStream, stat } from "node:fs";
import { join } from "node:path";
import { Audience, type Order, announceServer, confirmation, docs, entityTag, jsonFields } from "./shared.js";
import { fileFields, greet, keepAliveTimeout } from "./shared.js";

const known = process.argv.includes("--one-etag") ? entityTag(JSON.stringify(greet())) : undefined;

const audience = new Audience();

const server = createServer({ keepAliveTimeout }, (request, response) => {
  const { url = "" } = request;
  if (request.method === "GET" && url === "/json") answerJSON(greet(), response);
  else if (request.method === "GET" && url.startsWith("/docs/")) answerFile(url.slice("/docs".length), response);
  else if (request.method === "GET" && url === "/prices") audience.add(response);
  else if (request.method === "GET" && url === "/publish") answerJSON({ clients: audience.publish() }, response);
  else if (request.method === "POST" && url.startsWith("/users/")) answerOrder(request, response);
  else response.writeHead(404).end();
});
server.listen(0, "127.0.0.1", () => announceServer(server));

function answerJSON(value: object, response: ServerResponse): void {
  const body = JSON.stringify(value);
  response.writeHead(200, jsonFields(body, known ?? entityTag(body))).end(body);
}

function answerOrder(request: IncomingMessage, response: ServerResponse): void {
  const { url = "" } = request;
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const query = url.indexOf("?");
    const currency = new URLSearchParams(url.slice(query + 1)).get("currency") ?? "";
    const user = decodeURIComponent(url.slice("/users/".length, url.indexOf("/", "/users/".length)));
    const order = JSON.parse(Buffer.concat(chunks).toString()) as Order;
    const body = JSON.stringify(confirmation(user, currency, order));
    response
      .writeHead(200, {
        "x-content-type-options": "nosniff",
        "content-type": "application/json; charset=UTF-8",
        "content-length": String(Buffer.byteLength(body)),
      })
      .end(body);
  });
}

function answerFile(path: string, response: ServerResponse): void {
  const file = join(docs, path);
  stat(file, (error, stats) => {
    if (error !== null) {
      response.writeHead(404).end();
      return;
    }
    const headers = fileFields(stats);
    headers["Content-Length"] = String(stats.size);
    response.writeHead(200, headers);
    createReadStream(file).pipe(response);
  });
}
