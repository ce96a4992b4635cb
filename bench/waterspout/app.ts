import { singleton } from "tsyringe";
import { RequestHandler, Route, defineApplication } from "waterspout";

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

/** What is measured: an application as anyone would write it, with nothing turned off but the access log. */
export default defineApplication({ handlers: [GreetingHandler, OrdersHandler], accessLog: false });
