import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { BenchOptions } from "./options.js";
import { Served, program } from "./served.js";

/** The command that starts a server with a Node, or why there is none. */
export type Start = (node: string) => readonly string[] | { readonly missing: string };

/** Servers by their names in the table. The first is what the others are compared with. */
export type Peers = Readonly<Record<string, Start>>;

/** Programs that wait to be asked, by the names of their peers. */
export type Running = Map<string, Served>;

export const waterspout: Start = (node) => program(node, "../../.build/bench/waterspout/main.js");

export const nodeHttp: Start = (node) => program(node, "./servers/node-http.js");

/** What a program would be written with. */
export const frameworks: Peers = {
  fastify: (node) => program(node, "./servers/fastify.js"),
  hono: (node) => program(node, "./servers/hono.js"),
  express: (node) => program(node, "./servers/express.js"),
  "nest on fastify": (node) => program(node, "./servers/nest.js", "fastify"),
  "nest on express": (node) => program(node, "./servers/nest.js", "express"),
  tornado: () => python("../tornado_server.py"),
};

/** Waterspout with so many threads, whose niceness is its default or this. */
export function waterspoutTasks(threads: number, niceness?: number): Start {
  const args = [threads, niceness].filter((arg) => arg !== undefined).map(String);
  return (node) => program(node, "../../.build/bench/waterspout/tasks-main.js", ...args);
}

/** What moves work to so many threads. */
export function taskPeers(threads: number): Peers {
  return {
    waterspout: waterspoutTasks(threads),
    "fastify + piscina": (node) => program(node, "./servers/fastify-piscina.js", String(threads)),
    "node:http + piscina": (node) => program(node, "./servers/node-piscina.js", String(threads)),
  };
}

/** Starts all of them, and ends them when they have been used. One that cannot be started is left out, and why is said. */
export async function withPeers<T>(
  peers: Peers,
  { node }: BenchOptions,
  use: (running: Running) => Promise<T>,
): Promise<T> {
  const running: Running = new Map();
  try {
    for (const [name, start] of Object.entries(peers)) {
      const command = start(node);
      if ("missing" in command) console.error(`SKIPPED ${name}: ${command.missing}`);
      else running.set(name, await Served.start(command));
    }
    return await use(running);
  } finally {
    for (const server of running.values()) await server.stop();
  }
}

/** Debian's, which has `python3-tornado`, or another. */
const interpreter = process.env["PYTHON"] || "/usr/bin/python3";

function python(file: string): ReturnType<Start> {
  if (spawnSync(interpreter, ["-c", "import tornado.web"]).status === 0) {
    return [interpreter, fileURLToPath(new URL(file, import.meta.url))];
  }
  return { missing: `${interpreter} has no Tornado (apt-get install python3-tornado, or PYTHON=/path/to/python3)` };
}
