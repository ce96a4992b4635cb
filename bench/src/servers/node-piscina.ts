/** Bare `node:http` with bare piscina: `node node-piscina.js <threads>`. */
import { type ServerResponse, createServer } from "node:http";
import { routes } from "./pool.js";
import { announceServer, entityTag, jsonFields, keepAliveTimeout } from "./shared.js";

const server = createServer({ keepAliveTimeout }, ({ url = "" }, response) => {
  const query = url.indexOf("?");
  const answer = routes[query < 0 ? url : url.slice(0, query)];
  if (answer === undefined) response.writeHead(404).end();
  else void send(response, answer(query < 0 ? 0 : Number(new URLSearchParams(url.slice(query)).get("rounds"))));
});
server.listen(0, "127.0.0.1", () => announceServer(server));

async function send(response: ServerResponse, value: Promise<object> | object): Promise<void> {
  const body = JSON.stringify(await value);
  response.writeHead(200, jsonFields(body, entityTag(body))).end(body);
}
