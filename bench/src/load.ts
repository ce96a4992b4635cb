import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** What is asked, again and again. */
export interface RequestSpec {
  readonly method?: "GET" | "POST";
  /** With the query. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: string;
  /** A connection for each request. */
  readonly fresh?: boolean;
}

export interface Load {
  readonly url: string;
  readonly request: RequestSpec;
  /** Keep-alive connections, each with one request at a time. */
  readonly connections: number;
  readonly seconds: number;
}

/** What came of it. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** Answers with another status than 2xx or 3xx, and requests without one. */
  readonly failed: number;
  /** Milliseconds. */
  readonly p99: number;
}

const script = fileURLToPath(new URL("../wrk.lua", import.meta.url));
const hasWrk = spawnSync("wrk", ["--version"]).error === undefined;

/** Puts load on a server: by wrk where it is installed, which takes least of the processor, else by autocannon. */
export const putLoad: (load: Load) => Promise<LoadResult> = hasWrk ? byWrk : byAutocannon;

/** Which of the two it is. */
export const loadTool = hasWrk ? "wrk" : "autocannon";

async function byWrk({ url, request, connections, seconds }: Load): Promise<LoadResult> {
  const close = request.fresh === true ? ["-H", "Connection: close"] : [];
  // A peer may let a request wait for seconds while it serves others; that is slow, but no failure.
  const options = ["-t", "1", "-c", `${connections}`, "-d", `${seconds}s`, "--timeout", "30s", "-s", script, ...close];
  const body = request.body === undefined ? [] : ["application/json", request.body];
  const output = await outputOf("wrk", [...options, url + request.path, "--", request.method ?? "GET", ...body]);
  const line = /^\{.*\}$/m.exec(output)?.[0];
  if (line === undefined) throw new Error(`wrk printed no result:\n${output}`);
  return JSON.parse(line) as LoadResult;
}

async function outputOf(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8");
  for await (const text of child.stdout as AsyncIterable<string>) output += text;
  return output;
}

async function byAutocannon({ url, request, connections, seconds }: Load): Promise<LoadResult> {
  const { default: autocannon } = await import("autocannon");
  const result = await autocannon({
    url: url + request.path,
    method: request.method ?? "GET",
    ...(request.body !== undefined && { body: request.body }),
    headers: {
      ...(request.body !== undefined && { "content-type": "application/json" }),
      ...(request.fresh === true && { connection: "close" }),
    },
    connections,
    duration: seconds,
    // Its own thread: this one would otherwise answer for what it measures.
    workers: 1,
  });
  const { total } = result.requests;
  return { requests: total, seconds: result.duration, failed: result.errors + result.non2xx, p99: result.latency.p99 };
}
