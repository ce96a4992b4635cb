import { fileURLToPath } from "node:url";
import { singleton } from "tsyringe";
import { type EventStream, RequestHandler, Route, StaticFileHandler, defineApplication, route } from "waterspout";

@singleton()
class Greeter {
  greet(): { message: string } {
    return { message: "Hello, world" };
  }
}

@Route("/json")
class GreetingHandler extends RequestHandler {
  constructor(private readonly greeter: Greeter) {
    super();
  }

  get(): { message: string } {
    return this.greeter.greet();
  }
}

interface Order {
  readonly item: string;
  readonly quantity: number;
}

@Route("/users/:id/orders")
class OrdersHandler extends RequestHandler {
  post(id: string): object {
    const currency = this.getQueryArgument("currency");
    const { item, quantity } = this.json<Order>();
    return { user: id, currency, item, quantity, total: quantity * 250 };
  }
}

const streams = new Set<EventStream>();

@Route("/prices")
class PricesHandler extends RequestHandler {
  async get(): Promise<void> {
    const events = this.events();
    streams.add(events);
    await events.ended();
    streams.delete(events);
  }
}

let published = 0;

@Route("/publish")
class PublishHandler extends RequestHandler {
  get(): object {
    const id = ++published;
    for (const events of streams) void events.send({ id, data: { price: 4711 } });
    return { clients: streams.size };
  }
}

const docs = fileURLToPath(new URL("../../../docs", import.meta.url));

/** What is measured: an application as anyone would write it, with nothing turned off but the access log. */
export default defineApplication({
  handlers: [
    GreetingHandler,
    OrdersHandler,
    PricesHandler,
    PublishHandler,
    route("/docs/*", StaticFileHandler, { path: docs }),
  ],
  accessLog: false,
});
