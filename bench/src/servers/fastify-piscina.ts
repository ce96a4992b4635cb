/** Fastify with piscina by hand: `node fastify-piscina.js <threads>`. */
import Fastify from "fastify";
import { routes } from "./pool.js";
import { announce, entityTag, fields, keepAliveTimeout } from "./shared.js";

const app = Fastify({ logger: false, keepAliveTimeout });

for (const [path, answer] of Object.entries(routes)) {
  app.get<{ Querystring: { rounds?: string } }>(path, async ({ query }, reply) => {
    const body = JSON.stringify(await answer(Number(query.rounds)));
    return reply.headers(fields).header("Etag", entityTag(body)).send(body);
  });
}

announce(await app.listen({ port: 0, host: "127.0.0.1" }));
