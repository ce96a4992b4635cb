import { taskPeers } from "../peers.js";
import { requestWork } from "../request-work.js";
import type { Work } from "../work.js";

/** A call that does nothing, on one thread: what the way there and back costs, a request around it. */
export const executorWorks: readonly Work[] = [1, 64].map((connections) =>
  requestWork({
    name: `executor-${connections}`,
    title: `executor call, ${connections === 1 ? "one at a time" : `${connections} at a time`}`,
    request: { path: "/nothing" },
    peers: taskPeers(1),
    connections,
  }),
);
