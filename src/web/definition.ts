import { ConfigurationError } from "../errors.js";
import { type HTTPSettings, defaultHTTPSettings } from "../http/limits.js";
import { nearest } from "../nearest.js";
import type { ApplicationDefinition } from "./application.js";
import { type TrustOptions, trustOptionNames } from "./trust.js";

const own = {
  handlers: 1,
  configure: 1,
  executors: 1,
  middleware: 1,
  templateEngine: 1,
  compress: 1,
  etag: 1,
  staticPath: 1,
  staticUrlPrefix: 1,
  defaultHandler: 1,
  accessLog: 1,
  health: 1,
  websocket: 1,
  logging: 1,
  debug: 1,
  blockedLoopThreshold: 1,
  autoreload: 1,
  module: 1,
} satisfies Record<keyof Omit<ApplicationDefinition, keyof HTTPSettings | keyof TrustOptions>, 1>;

/** All names that a definition may have. */
export const definitionNames: readonly string[] = [
  ...Object.keys(own),
  ...trustOptionNames,
  ...Object.keys(defaultHTTPSettings),
];

/**
 * Refuses what would be ignored otherwise, a slip of the keyboard for example.
 *
 * @param caller names the place in the message.
 * @throws ConfigurationError with the name that may be meant, or all of them.
 */
export function refuseUnknown(caller: string, given: object, known: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    const advice = near === undefined ? `the options are ${known.join(", ")}` : `did you mean ${near}?`;
    throw new ConfigurationError(`${caller}: unknown option "${name}"; ${advice}`);
  }
}

/** @throws ConfigurationError unless it has a list of handlers, a sound `blockedLoopThreshold`, and no unknown names. */
export function checkDefinition(definition: ApplicationDefinition): void {
  refuseUnknown("the application's definition", definition, definitionNames);
  checkThreshold(definition.blockedLoopThreshold);
  const { handlers } = definition as { readonly handlers?: unknown };
  if (Array.isArray(handlers)) return;
  throw new ConfigurationError(
    `the application's definition needs \`handlers\`, a list of handler classes and route(…)s, got ${typeof handlers}`,
  );
}

function checkThreshold(value: number | undefined): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) return;
  throw new ConfigurationError(
    `blockedLoopThreshold must be a whole number of milliseconds from 0 up (0: off), got ${String(value)}`,
  );
}
