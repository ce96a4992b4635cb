/**
 * Children that are killed under load: `npm run load:kills [-- <kills> <balance>]`. It fails when a request hangs or is refused,
 * when one is lost that was not with the child that was killed, and when something is left over.
 */
import { connect } from "node:net";
import { availableParallelism } from "node:os";
import type { Balance } from "waterspout";
import { positiveInteger } from "../support/argument.js";
import { type Load, type LoadResult, startLoad, summary } from "../support/load-client.js";
import { ServedProgram } from "../support/served-program.js";

const kills = positiveInteger("kills", process.argv[2], 20);
const balance = (process.argv[3] ?? "shared") as Balance;
const clients = 32;
const processes = availableParallelism();

for (const mix of [{ busy: 1 }, { fresh: 1 }, { busy: 4, paced: 3, thinking: 2, fresh: 1 }]) await one(mix);
await all();
await primary();

/** One child after the other, each with a full set of siblings. */
async function one(mix: Readonly<Record<string, number>>): Promise<void> {
  const totals = { lost: 0, hung: 0, refused: 0 };
  const back: number[] = [];
  for (let done = 0; done < kills; done += 4) {
    // A child that crashes again and again is kept waiting: each is killed once only.
    await using served = await serve();
    const load = startLoad({ url: await served.url("/"), clients, mix, seconds: 60 });
    const victims: Kill[] = [];
    for (let count = 0; count < Math.min(4, kills - done); count++) victims.push(await kill(served, load, count));
    const result = await load.stop();
    back.push(...victims.map(({ back: time }) => time));
    totals.lost += result.failed;
    totals.hung += result.counts.hung;
    totals.refused += result.counts.refused;
    checkLosses(result, victims);
    await served.stop();
  }
  const { lost, hung, refused } = totals;
  const times = back.toSorted((a, b) => a - b);
  console.log(
    `${kills} kills of one of ${processes} children, ${JSON.stringify(mix)}: ${lost} lost, ${hung} hung, ${refused} refused; ` +
      `capacity back after ${times[times.length >> 1]} ms (longest ${times.at(-1)} ms)`,
  );
  check(hung === 0, "a request hung");
  check(refused === 0, "a connection was refused");
}

interface Kill {
  readonly pid: number;
  /** Milliseconds until the new child was ready. */
  readonly back: number;
}

async function kill({ program }: ServedProgram, load: Load, index: number): Promise<Kill> {
  const pid = program.childPids()[0] ?? 0;
  await load.reached(load.requests + 200);
  const at = Date.now();
  process.kill(pid, "SIGKILL");
  await program.lines(/^ready \d+$/, processes + index + 1, 60_000);
  return { pid, back: Date.now() - at };
}

/** Lost may be what the victim had: one request of each client at most, and none that another child had. */
function checkLosses({ failures, failed }: LoadResult, victims: readonly Kill[]): void {
  const pids = victims.map(({ pid }) => String(pid));
  const others = failures.filter(({ lastPid }) => lastPid !== undefined && !pids.includes(lastPid));
  check(others.length === 0, `requests were lost that other children had: ${JSON.stringify(others)}`);
  check(failed <= clients * victims.length, `${failed} requests were lost by ${victims.length} kills`);
}

/** All children at the same moment. Clients that connect meanwhile wait for the next. */
async function all(): Promise<void> {
  await using served = await serve();
  const load = startLoad({
    url: await served.url("/"),
    clients,
    mix: { busy: 1, fresh: 1 },
    seconds: 60,
    timeout: 20_000,
  });
  await load.reached(500);
  const at = Date.now();
  for (const pid of served.program.childPids()) process.kill(pid, "SIGKILL");
  await load.reached(load.requests + 2_000);
  const result = await load.stop();
  const again = Object.values(result.processes).filter(({ firstAnswer }) => firstAnswer > at);
  console.log(`all ${processes} children killed at once: ${summary(result)}`);
  console.log(`  first answer after ${Math.min(...again.map(({ firstAnswer }) => firstAnswer)) - at} ms`);
  check(result.counts.refused === 0, "a connection was refused");
  check(result.counts.hung === 0, "a request hung");
  check(result.failed <= clients, "more was lost than was in flight");
  await served.stop();
}

async function primary(): Promise<void> {
  await using served = await serve();
  const url = new URL(await served.url("/"));
  const load = startLoad({ url: url.href, clients, mix: { busy: 1, fresh: 1 }, seconds: 5 });
  await load.reached(500);
  const at = Date.now();
  served.program.kill("SIGKILL");
  await served.program.exited;
  const left = await served.program.survivors(35_000);
  console.log(`primary killed: ${left.length} processes left after ${Date.now() - at} ms`);
  check(left.length === 0, "children are left over");
  check((await connectError(url)) === "ECONNREFUSED", "somebody listens on the port");
  await load.stop();
}

async function serve(): Promise<ServedProgram> {
  const options = { processes, balance, gracePeriod: 5_000, drainLinger: 500 };
  const file = new URL("../system/fixtures/pid-server.js", import.meta.url);
  const served = new ServedProgram(file, [JSON.stringify(options)]);
  await served.program.line(/listening on/, 60_000);
  return served;
}

function connectError({ hostname, port }: URL): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.on("error", ({ code }: NodeJS.ErrnoException) => resolve(code));
  });
}

function check(holds: boolean, what: string): void {
  if (holds) return;
  console.error(`FAILED: ${what}`);
  process.exitCode = 1;
}
