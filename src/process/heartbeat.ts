import { loopDelay } from "../loop-delay.js";
import { lostThreads } from "../lost-threads.js";
import { type ChildFigures, isPrimaryMessage, type Supervision } from "./messages.js";
import { stallDescriptor } from "./stall.js";
import { Watchdog } from "./watchdog.js";

/** What one server of this process tells of itself; those of all servers are added up. */
export type ServerFigures = Pick<ChildFigures, Sum | "draining">;

/** What is added up. */
type Sum = "requests" | "blockedLoops" | "droppedConnections";

/** Sends the figures to the primary. */
export type Send = (figures: ChildFigures) => void;

const servers: (() => ServerFigures)[] = [];

/** Adds a server to what is told to the primary. */
export function addFigures(figures: () => ServerFigures): void {
  servers.push(figures);
}

/** How much earlier than the primary's patience ends the watchdog looks, as a share of it, and the most. Milliseconds. */
const headStart = { share: 1 / 2, most: 3_000 };

/** From the call on, waits for the primary to say how this child is watched, and then gives signs of life. Called once, in a child. */
export function followSupervision(send: Send): void {
  const hear = (message: unknown): void => {
    if (!isPrimaryMessage(message)) return;
    process.off("message", hear);
    void beat(message, send);
  };
  process.on("message", hear);
}

/** The timers of a child that ends keep it no longer than it wants to stay: they are not waited for. */
async function beat({ statusInterval, ...supervision }: Supervision, send: Send): Promise<void> {
  loopDelay.start();
  const inspectorUrl = await inspectorUrlReader();
  const watchdog = watchdogFor({ statusInterval, ...supervision });
  const tell = (): void => {
    const inspected = inspectorUrl() !== undefined;
    watchdog?.beat(inspected);
    send(figuresOf(inspected));
  };
  setInterval(tell, statusInterval).unref();
  tell();
}

function watchdogFor({ statusInterval, livenessTimeout }: Supervision): Watchdog | undefined {
  if (livenessTimeout === 0 || !process.features.inspector) return undefined;
  const early = Math.min(livenessTimeout * headStart.share, headStart.most);
  return new Watchdog({
    interval: statusInterval,
    patience: Math.max(1, Math.floor((livenessTimeout - early) / statusInterval)),
    within: Math.ceil((early * 2) / 3),
    descriptor: stallDescriptor,
  });
}

/** The address of a debugger's door; undefined while it is closed. */
async function inspectorUrlReader(): Promise<() => string | undefined> {
  if (!process.features.inspector) return () => undefined;
  const { url } = await import("node:inspector");
  return url;
}

function figuresOf(inspected: boolean): ChildFigures {
  const told = servers.map((figures) => figures());
  const sum = (name: Sum): number => told.reduce((total, figures) => total + figures[name], 0);
  return {
    requests: sum("requests"),
    rss: process.memoryUsage.rss(),
    eventLoopDelay: Math.round(loopDelay.max * 100) / 100,
    blockedLoops: sum("blockedLoops"),
    droppedConnections: sum("droppedConnections"),
    lostThreads: lostThreads(),
    draining: told.length > 0 && told.every(({ draining }) => draining),
    inspected,
  };
}
