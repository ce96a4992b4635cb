import { define, options, parseCommandLine, parseConfigFile } from "#src/options/index.js";

/** A program of the spec beside it: prints what its options came to. */
const port = define("port", { type: "integer", default: 8888, env: "SPEC_PORT", help: "where to listen" });
const config = define("config", { help: "a JSON file" });

const rest = parseCommandLine();
if (config.value !== undefined) parseConfigFile(config.value);
console.log(JSON.stringify({ port: port.value, byName: options["port"], rest }));
