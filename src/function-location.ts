import type { Debugger, Runtime } from "node:inspector";
import { describePosition } from "./source-position.js";

/** The name under which a function is handed to the inspector, for no longer than a synchronous call. */
const key = Symbol.for("waterspout.function-location");
const expression = `globalThis[Symbol.for(${JSON.stringify(key.description)})]`;

/**
 * Where a function is written: `src/app.ts:25:6`, from the current folder; mapped to its source when the program runs with
 * `--enable-source-maps`. Undefined when Node has no inspector, and for functions that are not in a file.
 *
 * JavaScript has no other way to ask this than the inspector: the function is shown to a session of this thread, which takes
 * about 20 ms the first time and 4 ms later. No port is opened. For lines of the log in development, not for requests.
 */
export async function functionLocation(code: Function): Promise<string | undefined> {
  try {
    const { Session } = await import("node:inspector");
    const session = new Session();
    session.connect();
    try {
      return located(session, code);
    } finally {
      session.disconnect();
    }
  } catch {
    // What cannot be found out about a slow function must not be what breaks the program.
    return undefined;
  }
}

type Session = import("node:inspector").Session;

/** In a session of its own thread everything is answered before `post` returns. */
function located(session: Session, code: Function): string | undefined {
  const urls = new Map<string, string>();
  session.on("Debugger.scriptParsed", ({ params }) => urls.set(params.scriptId, params.url));
  session.post("Debugger.enable");
  const location = locationOf(session, code);
  const url = urls.get(location?.scriptId ?? "");
  if (location === undefined || url === undefined || !url.startsWith("file:")) return undefined;
  const { lineNumber: line, columnNumber: column = 0 } = location;
  return describePosition({ url, line, column }, process.sourceMapsEnabled);
}

function locationOf(session: Session, code: Function): Debugger.Location | undefined {
  const global = globalThis as { [key]?: Function };
  global[key] = code;
  let found: Runtime.GetPropertiesReturnType | undefined;
  session.post("Runtime.evaluate", { expression, silent: true }, (_, { result }) => {
    const { objectId } = result;
    if (objectId === undefined) return;
    session.post("Runtime.getProperties", { objectId, ownProperties: true }, (_error, properties) => {
      found = properties;
    });
  });
  delete global[key];
  const property = found?.internalProperties?.find(({ name }) => name === "[[FunctionLocation]]");
  return property?.value?.value as Debugger.Location | undefined;
}
