/**
 * The five explicit steps, as Tornado's programs write them.
 *
 *   npm run sample:hello -- --port=8888 --processes=2
 *   curl http://127.0.0.1:8888/          # Hello, world
 *   curl http://127.0.0.1:8888/you       # Hello, you
 */
import { Application, HTTPServer, IOLoop, define, parseCommandLine } from "waterspout";
import { HelloHandler } from "./app.js";

const port = define("port", { type: "integer", default: 8888, min: 0, max: 65_535, help: "where to listen" });
const processes = define("processes", { type: "integer", default: 2, min: 0, help: "0 is one per CPU" });
parseCommandLine();

const application = new Application({ handlers: [HelloHandler], debug: false, autoreload: false });
const server = new HTTPServer(application);
server.bind(port.value);
await server.start(processes.value); // forks; in the primary it supervises and does not come back before shutdown
await IOLoop.current().start(); // serves until stopped
