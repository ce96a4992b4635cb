/**
 * A chat over WebSockets. It is one process, because its rooms are in memory.
 *
 *   npm run sample:chat -- --port=8888     # open http://127.0.0.1:8888 twice
 */
import { bootstrap, define, parseCommandLine } from "waterspout";

const port = define("port", { type: "integer", default: 8888, min: 0, max: 65_535, help: "where to listen" });
parseCommandLine();

await bootstrap(new URL("./app.js", import.meta.url), { port: port.value, processes: 1 });
