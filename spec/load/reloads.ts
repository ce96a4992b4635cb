/**
 * Rolling restarts under load: `npm run load:reloads [-- <requests> <reloads>]`, 300,000 and 20 unless it says otherwise. It fails
 * when one request is lost: nothing is sent twice. It also does so for bad deploys, and with nginx and haproxy in front where
 * these are installed.
 */
import type { ServeOptions } from "waterspout";
import { positiveInteger } from "../support/argument.js";
import { type ClientKind, type LoadResult, startLoad, summary } from "../support/load-client.js";
import { Deployment } from "../support/deployment.js";
import { haproxy } from "../support/haproxy.js";
import { nginx } from "../support/nginx.js";
import { type ProxyProgram, ReverseProxy, missingProxy } from "../support/reverse-proxy.js";

const total = positiveInteger("requests", process.argv[2], 300_000);
const reloads = positiveInteger("reloads", process.argv[3], 20);

/** 40 % keep-alive without a pause, 30 % pausing 20 ms, 20 % pausing 0.5 to 3 s, 10 % with a connection for each request. */
const mix: Readonly<Partial<Record<ClientKind, number>>> = { busy: 4, paced: 3, thinking: 2, fresh: 1 };
const clients = 40;
const timeout = 5_000;

await goodDeploys();
await badDeploys();
await crashingDeploys();
await behind(nginx);
await behind(haproxy);

async function goodDeploys(): Promise<void> {
  await using deployment = new Deployment({ processes: 2 });
  await deployment.served.url("/");
  const result = await reloading(deployment, await deployment.served.url("/"), total, reloads, /reload complete/);
  report(`${reloads} reloads of 2 children`, result);
  check(Object.keys(result.processes).length === 2 * (reloads + 1), "a generation answered nothing");
  await end(deployment);
}

/** No new child becomes ready: nobody but the primary notices. */
async function badDeploys(): Promise<void> {
  const codes = [
    `throw new Error("a bad deploy");`,
    `process.exit(3);`,
    `await new Promise(() => setInterval(() => {}, 1_000)); export const version = "never";`,
  ];
  const result = await failing(codes, { bootTimeout: 15_000 });
  report(`${codes.length} deploys that cannot start`, result);
}

/** A new child serves and crashes before it has proved itself: what it was asked itself is lost, and nothing else. */
async function crashingDeploys(): Promise<void> {
  const code = `setTimeout(() => process.exit(3), 1_500); export const version = "crashing";`;
  const result = await failing([code, code], {});
  console.log(`2 deploys that crash when they serve: ${summary(result)}`);
  check(result.counts.hung === 0 && result.counts.refused === 0, "a request hung, or was refused");
  check(result.failed <= 2 * clients, "more was lost than the new children had been asked");
}

async function failing(codes: readonly string[], options: ServeOptions): Promise<LoadResult> {
  await using deployment = new Deployment({ processes: 2, ...options });
  const { program } = deployment.served;
  const url = await deployment.served.url("/");
  const before = program.childPids();
  const deploy = (index: number): void => deployment.deploy(codes[index] ?? "");
  const result = await reloading(deployment, url, total / 10, codes.length, /reload failed/, deploy);
  check(String(program.childPids()) === String(before), "the old children do not serve on");
  await end(deployment);
  return result;
}

async function behind(program: ProxyProgram): Promise<void> {
  const missing = missingProxy(program);
  if (missing !== undefined) return console.log(`skipped: ${missing}`);
  await using deployment = new Deployment({ processes: 2 });
  const { port } = new URL(await deployment.served.url("/"));
  await using proxy = await ReverseProxy.start(program, Number(port));
  const result = await reloading(deployment, proxy.url, total / 5, Math.ceil(reloads / 4), /reload complete/);
  report(`${Math.ceil(reloads / 4)} reloads of 2 children behind ${program.name}`, result);
  check(proxy.errors() === "", `${program.name} has seen errors:\n${proxy.errors()}`);
  await end(deployment);
}

/** Reloads one after the other while requests come, and goes on until there were enough of both. */
async function reloading(
  deployment: Deployment,
  url: string,
  requests: number,
  count: number,
  ending: RegExp,
  deploy = (index: number): void => deployment.deploy(`export const version = "${index + 1}";`),
): Promise<LoadResult> {
  const load = startLoad({ url, clients, mix, timeout, seconds: 3_600 });
  for (let index = 0; index < count; index++) {
    deploy(index);
    const line = await deployment.reload();
    check(ending.test(line), `a reload ended otherwise: ${line}`);
    console.log(`  ${index + 1}: ${load.requests} requests`);
  }
  await load.reached(requests);
  return load.stop();
}

async function end({ served }: Deployment): Promise<void> {
  const { code } = await served.stop();
  check(code === 0, `the program exited with ${code}:\n${served.program.output()}`);
}

function report(what: string, result: LoadResult): void {
  console.log(`${what}: ${summary(result)}`);
  check(result.failed === 0, `requests were lost: ${JSON.stringify(result.failures, null, 1)}`);
}

function check(holds: boolean, what: string): void {
  if (holds) return;
  console.error(`FAILED: ${what}`);
  process.exitCode = 1;
}
