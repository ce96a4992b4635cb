import { Agent, get } from "node:http";
import { setTimeout as wait } from "node:timers/promises";

/** Milliseconds between an answer and the next request: a client that does not itself make the server busy. */
const pause = 2;

/** How long each answer took, in milliseconds, for one client on one connection that asks now and then. */
export async function latencies(url: string, seconds: number): Promise<number[]> {
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
