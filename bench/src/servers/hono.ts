/** Hono on its server for Node. `c.body` with all headers at once is the shortest way it has. */
import { type ServerType, serve } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import { statSync } from "node:fs";
import type { Server } from "node:http";
import {
  type Order,
  announceServer,
  confirmation,
  docs,
  entityTag,
  eventFields,
  fields,
  fileFields,
} from "./shared.js";
import { greet, jsonFields, keepAliveTimeout, price } from "./shared.js";

const app = new Hono();

app.get("/json", (c) => {
  const body = JSON.stringify(greet());
  return c.body(body, 200, jsonFields(body, entityTag(body)));
});

app.post("/users/:id/orders", async (c) => {
  const order = await c.req.json<Order>();
  return c.body(JSON.stringify(confirmation(c.req.param("id"), c.req.query("currency") ?? "", order)), 200, fields);
});

app.use(
  "/docs/*",
  serveStatic({
    root: docs,
    rewriteRequestPath: (path) => path.slice("/docs".length),
    onFound: (path, c) => {
      for (const [name, value] of Object.entries(fileFields(statSync(path)))) c.header(name, value);
    },
  }),
);

const streams = new Set<SSEStreamingApi>();

app.get("/prices", (c) => {
  for (const [name, value] of Object.entries(eventFields)) c.header(name, value);
  return streamSSE(c, async (stream) => {
    streams.add(stream);
    await new Promise<void>((resolve) => stream.onAbort(resolve));
    streams.delete(stream);
  });
});

let published = 0;

app.get("/publish", (c) => {
  const id = String(++published);
  for (const stream of streams) void stream.writeSSE({ id, data: JSON.stringify(price) });
  const body = JSON.stringify({ clients: streams.size });
  return c.body(body, 200, jsonFields(body, entityTag(body)));
});

const server: ServerType = serve(
  { fetch: app.fetch, port: 0, hostname: "127.0.0.1", serverOptions: { keepAliveTimeout } },
  () => announceServer(server as Server),
);
