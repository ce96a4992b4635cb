import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { program } from "./served.js";

/** A command, or why there is none. */
type Start = (node: string) => readonly string[] | { readonly missing: string };

/** The servers by their names in the table: how each is started with a Node. */
const starts = {
  waterspout: (node) => program(node, "../../.build/bench/waterspout/main.js"),
  "node:http": (node) => program(node, "./servers/node-http.js"),
  "node:http, one Etag": (node) => program(node, "./servers/node-http.js", "--one-etag"),
  fastify: (node) => program(node, "./servers/fastify.js"),
  hono: (node) => program(node, "./servers/hono.js"),
  express: (node) => program(node, "./servers/express.js"),
  "nest on fastify": (node) => program(node, "./servers/nest.js", "fastify"),
  "nest on express": (node) => program(node, "./servers/nest.js", "express"),
  tornado: () => python("../tornado_server.py"),
} satisfies Record<string, Start>;

export type Peer = keyof typeof starts;

/** Those that a program would be written with. */
export const frameworks = [
  "fastify",
  "hono",
  "express",
  "nest on fastify",
  "nest on express",
  "tornado",
] as const satisfies readonly Peer[];

/** How a server is started; undefined, after saying why, when it cannot be. */
export function commandOf(peer: Peer, node: string): readonly string[] | undefined {
  const start: Start = starts[peer];
  const command = start(node);
  if (!("missing" in command)) return command;
  console.error(`SKIPPED ${peer}: ${command.missing}`);
  return undefined;
}

/** Debian's, which has `python3-tornado`, or another. */
const interpreter = process.env["PYTHON"] || "/usr/bin/python3";

function python(file: string): ReturnType<Start> {
  if (spawnSync(interpreter, ["-c", "import tornado.web"]).status === 0) {
    return [interpreter, fileURLToPath(new URL(file, import.meta.url))];
  }
  return { missing: `${interpreter} has no Tornado (apt-get install python3-tornado, or PYTHON=/path/to/python3)` };
}
