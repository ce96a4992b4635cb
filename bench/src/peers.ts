import { program } from "./served.js";

/** The servers by their names in the table: the command of each, given the Node to run it with. */
const commands = {
  waterspout: (node) => program(node, "../../.build/bench/waterspout/main.js"),
  "node:http": (node) => program(node, "./servers/node-http.js"),
  "node:http, one Etag": (node) => program(node, "./servers/node-http.js", "--one-etag"),
  fastify: (node) => program(node, "./servers/fastify.js"),
} satisfies Record<string, (node: string) => readonly string[]>;

export type Peer = keyof typeof commands;

/** How a server is started. */
export function commandOf(peer: Peer, node: string): readonly string[] {
  return commands[peer](node);
}
