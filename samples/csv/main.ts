/**
 * Streams the rows of a large CSV as server-sent events, parsed on a worker thread.
 *
 *   npm run sample:csv -- --rows=1000000             # http://127.0.0.1:8888/measurements
 *   curl -N http://127.0.0.1:8888/measurements       # id: 1000, data: [{"station":"Abha","celsius":0}, …
 */
import { bootstrap, define, parseCommandLine } from "waterspout";
// For its option, which must be known before the command line is read.
import "./sample-file.js";

const port = define("port", { type: "integer", default: 8888, min: 0, max: 65_535, help: "where to listen" });
parseCommandLine();

await bootstrap(new URL("./app.js", import.meta.url), { port: port.value });
