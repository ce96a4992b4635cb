import { processesCommand, ways } from "../processes.js";
import { requestWork } from "../request-work.js";

/** What a new connection costs two processes and their primary, by the way in which connections reach them. */
export const connections = requestWork({
  name: "connections",
  title: "a connection for each request, two processes",
  request: { path: "/", fresh: true },
  peers: Object.fromEntries(
    ways.map((way) => [`waterspout, ${way}`, (node: string) => processesCommand(node, way, 2)]),
  ),
  // Each says which process it comes from.
  differ: true,
});
