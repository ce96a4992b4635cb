import { expect } from "chai";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { ServedProgram } from "../support/served-program.js";

/** Mistakes that only a process that serves can find. With several processes the primary says it, once. */
const found: Record<string, readonly [kind: string, message: RegExp]> = {
  "two classes with one token": [
    "ConfigurationError",
    /two classes with @RunOnExecutor methods are called "SameHandler".*: rename one/,
  ],
  "erased type": [
    "InjectionError",
    /ErasedHandler cannot be constructed: the type of this parameter was erased[^]*parameter 0: Object/,
  ],
  "missing token": [
    "InjectionError",
    /nothing is registered for the token "settings"[^]*MissingHandler, parameter 0: "settings"[^]*Register it/,
  ],
  cycle: [
    "InjectionError",
    /its dependencies form a cycle[^]*HenHandler, parameter 0: Hen[^]*Egg, parameter 0: Hen[^]*Break it/,
  ],
  "captive scope": [
    "InjectionError",
    /the singleton Mailer would keep a request-scoped dependency[^]*Mailer, parameter 0: CurrentUser/,
  ],
  "silent module": [
    "WorkerBootError",
    /silent\.js was imported by a worker but never called bootstrap\(\): pass bootstrap\(import\.meta\.url/,
  ],
  "port in use": [
    "StartError",
    /cannot listen on 127\.0\.0\.1:\d+: another program uses this port: stop it, or choose another/,
  ],
  "failing configure": [
    "StartError",
    /configure\(\) failed in the role "server": the database says no \(thrown at \S+misuse\.[jt]s:\d+:\d+\)/,
  ],
  "failing module": [
    "WorkerBootError",
    /a worker could not start from \S+misuse\.js: no licence for threads \(thrown at \S+misuse\.[jt]s:/,
  ],
  "executor that is none": [
    "ConfigurationError",
    /the executor of OwnHandler\.work is no executor but \{ maxThreads: 4 \}: give it one/,
  ],
  "named executor that is none": [
    "ConfigurationError",
    /executors\.default is no executor but 4: give it one, such as new ThreadPoolExecutor/,
  ],
  "unknown executor": [
    "ConfigurationError",
    /OwnHandler\.work runs on executor "images", which the application does not have: .*known: "image"/,
  ],
};

/** Mistakes that are found before anything is forked. */
const foundAtOnce: Record<string, RegExp> = {
  "unknown option": /^ConfigurationError: bootstrap\(\): unknown option "proceses"; did you mean processes\?\n$/,
  "no handlers":
    /^ConfigurationError: bootstrap\(\): there are no `handlers` in the options, and \S+misuse\.js has no .*\n$/,
  twice: /^ConfigurationError: bootstrap\(\) was called twice for \S+misuse\.js: .*\n$/,
  "fork after the loop":
    /^ConfigurationError: processes cannot be forked any more, the IOLoop was started before: .*\n$/,
  "start after the loop":
    /^ConfigurationError: processes cannot be forked any more, the IOLoop was started before: .*\n$/,
  "own thread":
    /^the thread's error: ConfigurationError: the application was started in a worker thread of your own: .*\n$/,
};

describe("programs with a mistake", () => {
  let taken: Server;

  before(async () => {
    taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
  });

  after(() => taken.close());

  /** What a program prints that ends with 1. */
  async function outputOf(mistake: string, processes: number): Promise<string> {
    const port = mistake === "port in use" ? (taken.address() as AddressInfo).port : 0;
    const args = [mistake, String(processes), String(port)];
    await using app = new ServedProgram(new URL("./fixtures/misuse.js", import.meta.url), args);
    expect(await app.ended()).to.deep.equal({ code: 1, signal: null });
    const output = app.program.output();
    expect(output).not.to.match(/^ +at |code: |Node\.js v|\[cause\]|Warning/m);
    return output;
  }

  // One for each kind of error; the port is looked for elsewhere when they fork.
  const forking = ["unknown executor", "cycle", "port in use", "failing module"];
  const alone = Object.entries(found).filter(([mistake]) => mistake === "port in use" || !forking.includes(mistake));

  for (const [mistake, [kind, message]] of alone) {
    it(`print the message alone, and end with 1: ${mistake}`, async () => {
      const output = await outputOf(mistake, 1);
      expect(output)
        .to.match(message)
        .and.to.match(new RegExp(`^${kind}: `));
      expect(output.match(/Error: /g)).to.have.length(1);
    });
  }

  for (const mistake of forking) {
    it(`say it once, in the primary, when they fork: ${mistake}`, async () => {
      const [, message] = found[mistake] ?? [];
      const output = await outputOf(mistake, 2);
      expect(output)
        .to.match(message ?? /^$/)
        .and.to.match(/^\[E .*giving up, no process became ready: child \d \(pid \d+\) could not/);
      expect(output.match(/^\[E /gm)).to.have.length(1);
    });
  }

  for (const [mistake, message] of Object.entries(foundAtOnce)) {
    it(`say so before they fork: ${mistake}`, async () => {
      expect(await outputOf(mistake, 2)).to.match(message);
    });
  }
});
