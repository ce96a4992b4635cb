/** Express. It asks its `etag` setting for the Etag of a body, and works one out for GET only when the answer is sent. */
import express from "express";
import type { Stats } from "node:fs";
import {
  Audience,
  type Order,
  announceServer,
  confirmation,
  docs,
  entityTag,
  fields,
  fileFields,
  greet,
  keepAliveTimeout,
} from "./shared.js";

const app = express().disable("x-powered-by").set("etag", false);

app.get("/json", (_, response) => {
  const body = JSON.stringify(greet());
  response.set(fields).set("Etag", entityTag(body)).send(body);
});

app.post("/users/:id/orders", express.json(), ({ params, query, body }, response) => {
  const answer = confirmation(params.id, query["currency"] as string, body as Order);
  response.set(fields).send(JSON.stringify(answer));
});

app.use(
  "/docs",
  express.static(docs, {
    etag: false,
    cacheControl: false,
    setHeaders: (response: express.Response, _, stats: Stats) => void response.set(fileFields(stats)),
  }),
);

const audience = new Audience();

app.get("/prices", (_, response) => audience.add(response));

app.get("/publish", (_, response) => {
  const body = JSON.stringify({ clients: audience.publish() });
  response.set(fields).set("Etag", entityTag(body)).send(body);
});

const server = app.listen(0, "127.0.0.1", () => announceServer(server));
server.keepAliveTimeout = keepAliveTimeout;
