import cluster, { type ClusterSettings } from "node:cluster";
import type { Observer } from "./events.js";
import type { Balance } from "./options.js";
import { openScoreboard } from "./scoreboard.js";
import { SocketHolder } from "./socket-holder.js";

/** How children get to their connections, as the primary sets it up before it forks. */
export interface Sharing {
  /** For `cluster.setupPrimary`. */
  readonly settings: Pick<ClusterSettings, "stdio">;
  /** To be told what happens to the children. */
  readonly observer: Observer;
}

/** Called once, in the primary. */
export function setUpSharing(balance: Balance): Sharing {
  // Also for servers that the program opens itself: node:cluster shares them, or deals out their connections.
  cluster.schedulingPolicy = balance === "shared" ? cluster.SCHED_NONE : cluster.SCHED_RR;
  return balance === "shared" ? shared() : byCluster();
}

function shared(): Sharing {
  const scoreboard = openScoreboard();
  const holder = new SocketHolder(scoreboard);
  holder.open();
  return {
    // Its index is the number under which children have it: `scoreboardDescriptor`.
    settings:
      scoreboard === undefined ? {} : { stdio: ["inherit", "inherit", "inherit", "ipc", scoreboard.descriptor] },
    observer: {
      reloaded: ({ ok }) => ok && holder.releaseUnused(),
      stop: () => holder.close(),
      end: () => {
        holder.close();
        scoreboard?.close();
      },
    },
  };
}

function byCluster(): Sharing {
  new SocketHolder(undefined, "cluster").open();
  return { settings: {}, observer: {} };
}
