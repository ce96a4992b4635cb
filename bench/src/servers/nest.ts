/** NestJS: `node nest.js fastify` or `node nest.js express`. Its own serializer sends the objects; an Etag needs the text. */
import "reflect-metadata";
import {
  Body,
  Controller,
  Get,
  Header,
  HttpCode,
  Injectable,
  Module,
  Param,
  Post,
  Query,
  Res,
  Sse,
} from "@nestjs/common";
import { type AbstractHttpAdapter, NestFactory } from "@nestjs/core";
import type { Stats } from "node:fs";
import type { Server } from "node:http";
import { Observable, Subject } from "rxjs";
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
import { greet, keepAliveTimeout, price } from "./shared.js";

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

interface PriceEvent {
  readonly id: string;
  readonly data: object;
}

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

  readonly #prices = new Subject<PriceEvent>();
  #clients = 0;
  #published = 0;

  @Sse("prices")
  @NoSniff
  @Header("Cache-Control", eventFields["Cache-Control"])
  prices(): Observable<PriceEvent> {
    return new Observable((client) => {
      this.#clients++;
      const subscription = this.#prices.subscribe(client);
      return () => {
        this.#clients--;
        subscription.unsubscribe();
      };
    });
  }

  @Get("publish")
  @NoSniff
  @JSONType
  publish(@Res({ passthrough: true }) reply: Reply): string {
    this.#prices.next({ id: String(++this.#published), data: price });
    const body = JSON.stringify({ clients: this.#clients });
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

const staticOptions = {
  etag: false,
  cacheControl: false,
  // Express gives its response, Fastify its reply: both know this.
  setHeaders: (reply: Reply, _: string, stats: Stats) => {
    for (const [name, value] of Object.entries(fileFields(stats))) reply.header(name, value);
  },
};

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

(app as unknown as { useStaticAssets(...args: unknown[]): void }).useStaticAssets(
  ...(isFastify
    ? [{ ...staticOptions, root: docs, prefix: "/docs/" }]
    : [docs, { ...staticOptions, prefix: "/docs/" }]),
);
await app.listen(0, "127.0.0.1");
const server = app.getHttpServer() as Server;
server.keepAliveTimeout = keepAliveTimeout;
announceServer(server);
