/**
 * Fastify with its defaults: `node fastify.js [<more routes>]`. Bodies go out as strings, which spares it a look for a
 * serializer.
 */
import fastifyStatic from "@fastify/static";
import Fastify from "fastify";
import {
  Audience,
  type Order,
  announce,
  confirmation,
  docs,
  entityTag,
  fields,
  fileFields,
  greet,
  keepAliveTimeout,
} from "./shared.js";

const app = Fastify({ logger: false, keepAliveTimeout });

app.get("/json", (_, reply) => {
  const body = JSON.stringify(greet());
  void reply.headers(fields).header("Etag", entityTag(body)).send(body);
});

app.post<{ Params: { id: string }; Querystring: { currency: string }; Body: Order }>(
  "/users/:id/orders",
  ({ params, query, body }, reply) => {
    void reply.headers(fields).send(JSON.stringify(confirmation(params.id, query.currency, body)));
  },
);

await app.register(fastifyStatic, {
  root: docs,
  prefix: "/docs/",
  etag: false,
  cacheControl: false,
  setHeaders: (reply, _, stats) => {
    for (const [name, value] of Object.entries(fileFields(stats))) reply.header(name, value);
  },
});

const audience = new Audience();

app.get("/prices", (_, reply) => {
  reply.hijack();
  audience.add(reply.raw);
});

app.get("/publish", (_, reply) => {
  const body = JSON.stringify({ clients: audience.publish() });
  void reply.headers(fields).header("Etag", entityTag(body)).send(body);
});

for (let index = 0; index < Number(process.argv[2] ?? 0); index++) {
  app.get<{ Params: { id: string } }>(`/items-${index}/:id`, ({ params }, reply) => {
    const body = JSON.stringify({ id: params.id });
    void reply.headers(fields).header("Etag", entityTag(body)).send(body);
  });
}

announce(await app.listen({ port: 0, host: "127.0.0.1" }));
