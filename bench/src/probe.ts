import { Agent, get } from "node:http";
import { constants, getPriority, setPriority } from "node:os";
import { setTimeout as wait } from "node:timers/promises";

/** Milliseconds between an answer and the next request: a client that does not itself make the server busy. */
const pause = 2;

/**
 * How long each answer took, in milliseconds, for one client on one connection that asks now and then. It stands for one on
 * another machine, which would not have to wait for the cores of this one: where it may, it goes first.
 */
export async function latencies(url: string, seconds: number): Promise<number[]> {
  const before = getPriority();
  changePriority(constants.priority.PRIORITY_HIGHEST);
  try {
    return await measured(url, seconds);
  } finally {
    changePriority(before);
  }
}

function changePriority(to: number): void {
  try {
    setPriority(to);
  } catch {
    // Only root may.
  }
}

async function measured(url: string, seconds: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const found: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const started = performance.now();
    await asked(url, agent);
    found.push(performance.now() - started);
    await wait(pause);
  }
  agent.destroy();
  return found;
}

function asked(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => response.resume().once("end", resolve)).once("error", reject);
  });
}
