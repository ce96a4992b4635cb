/** Hono on its server for Node. `c.body` with all headers at once is the shortest way it has. */
import { type ServerType, serve } from "@hono/node-server";
import { Hono } from "hono";
import type { Server } from "node:http";
import { type Order, announceServer, confirmation, entityTag, fields, greet, keepAliveTimeout } from "./shared.js";

const app = new Hono();

app.get("/json", (c) => {
  const body = JSON.stringify(greet());
  return c.body(body, 200, { ...fields, Etag: entityTag(body) });
});

app.post("/users/:id/orders", async (c) => {
  const order = await c.req.json<Order>();
  return c.body(JSON.stringify(confirmation(c.req.param("id"), c.req.query("currency") ?? "", order)), 200, fields);
});

const server: ServerType = serve(
  { fetch: app.fetch, port: 0, hostname: "127.0.0.1", serverOptions: { keepAliveTimeout } },
  () => announceServer(server as Server),
);
