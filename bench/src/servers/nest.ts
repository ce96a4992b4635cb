/** NestJS: `node nest.js fastify` or `node nest.js express`. Its own serializer sends the objects; an Etag needs the text. */
import "reflect-metadata";
import { Body, Controller, Get, Header, HttpCode, Injectable, Module, Param, Post, Query, Res } from "@nestjs/common";
import { type AbstractHttpAdapter, NestFactory } from "@nestjs/core";
import type { Server } from "node:http";
import { type Order, announceServer, confirmation, entityTag, fields, greet, keepAliveTimeout } from "./shared.js";

@Injectable()
class Greeter {
  greet(): { message: string } {
    return greet();
  }
}

interface Reply {
  header(name: string, value: string): unknown;
}

const NoSniff = Header("X-Content-Type-Options", fields["X-Content-Type-Options"]);
const JSONType = Header("Content-Type", fields["Content-Type"]);

@Controller()
class MainController {
  constructor(private readonly greeter: Greeter) {}

  @Get("json")
  @NoSniff
  @JSONType
  greeting(@Res({ passthrough: true }) reply: Reply): string {
    const body = JSON.stringify(this.greeter.greet());
    reply.header("Etag", entityTag(body));
    return body;
  }

  @Post("users/:id/orders")
  @HttpCode(200)
  @NoSniff
  @JSONType
  order(@Param("id") id: string, @Query("currency") currency: string, @Body() body: Order): string {
    return JSON.stringify(confirmation(id, currency, body));
  }
}

@Module({ controllers: [MainController], providers: [Greeter] })
class MainModule {}

async function onFastify(): Promise<AbstractHttpAdapter> {
  const { FastifyAdapter } = await import("@nestjs/platform-fastify");
  return new FastifyAdapter({ logger: false }) as AbstractHttpAdapter;
}

async function onExpress(): Promise<AbstractHttpAdapter> {
  const { ExpressAdapter } = await import("@nestjs/platform-express");
  const adapter = new ExpressAdapter();
  adapter.set("x-powered-by", false);
  adapter.set("etag", false);
  return adapter;
}

const isFastify = process.argv.includes("fastify");
const app = await NestFactory.create(MainModule, await (isFastify ? onFastify() : onExpress()), { logger: false });

await app.listen(0, "127.0.0.1");
const server = app.getHttpServer() as Server;
server.keepAliveTimeout = keepAliveTimeout;
announceServer(server);
