import { RequestHandler, Route } from "waterspout";

@Route("/")
@Route("/:name", { name: "hello" })
export class HelloHandler extends RequestHandler {
  get(name = "world"): void {
    this.setHeader("Content-Type", "text/plain; charset=UTF-8");
    this.write(`Hello, ${name}\n`);
  }
}
