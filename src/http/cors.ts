import type { CorsOptions } from "../cors-options.js";
import { ConfigurationError } from "../errors.js";
import type { ResponseWriter } from "./response.js";

const names = {
  origins: 1,
  methods: 1,
  headers: 1,
  exposedHeaders: 1,
  credentials: 1,
  maxAge: 1,
} satisfies Record<keyof CorsOptions, 1>;

const defaultHeaders = ["Content-Type"];
const defaultMaxAge = 600;

/** {@link CorsOptions}, checked. Source: the Fetch standard, section 3.3. */
export class CorsPolicy {
  readonly #origins: ReadonlySet<string>;
  readonly #isOpen: boolean;
  readonly #methods: ReadonlySet<string> | undefined;
  readonly #headers: string;
  readonly #exposed: string;
  readonly #credentials: boolean;
  readonly #maxAge: number;

  /** @throws ConfigurationError for origins that no browser sends, and for options that contradict each other or a rule. */
  constructor(options: CorsOptions) {
    checkCors(options);
    const { origins, methods, headers = defaultHeaders, exposedHeaders = [], credentials = false } = options;
    this.#origins = new Set(origins);
    this.#isOpen = this.#origins.has("*");
    this.#methods = methods && new Set(methods);
    this.#headers = headers.join(", ");
    this.#exposed = exposedHeaders.join(", ");
    this.#credentials = credentials;
    this.#maxAge = options.maxAge ?? defaultMaxAge;
  }

  /** Whether pages of this origin may act with the user's cookies. */
  trusts(origin: string): boolean {
    return this.#credentials && this.#origins.has(origin);
  }

  /**
   * What every answer says, to be called just before it goes out. That it depends on the origin is said to those, too, who are
   * not allowed: a cache must not hand their answer to others.
   */
  complete(response: ResponseWriter, origin: string | undefined): void {
    if (!this.#isOpen) vary(response, "Origin");
    // Open to all, it says so to all: a cache may hand the answer to any origin.
    const allowed = this.#isOpen ? "*" : origin;
    if (!this.#allows(allowed)) return;
    response.setHeader("Access-Control-Allow-Origin", allowed);
    if (this.#credentials) response.setHeader("Access-Control-Allow-Credentials", "true");
    if (this.#exposed !== "") response.setHeader("Access-Control-Expose-Headers", this.#exposed);
  }

  /** What the answer to a preflight says besides. `allow` are the verbs that the handler has. */
  permit(response: ResponseWriter, origin: string, allow: string): void {
    if (!this.#allows(origin)) return;
    const methods = allow.split(", ").filter((method) => this.#methods?.has(method) ?? true);
    response.setHeader("Access-Control-Allow-Methods", methods.join(", "));
    if (this.#headers !== "") response.setHeader("Access-Control-Allow-Headers", this.#headers);
    response.setHeader("Access-Control-Max-Age", this.#maxAge);
  }

  #allows(origin: string | undefined): origin is string {
    return origin !== undefined && (this.#isOpen || this.#origins.has(origin));
  }
}

/** Adds a name to what the answer depends on, once. */
function vary(response: ResponseWriter, name: string): void {
  const listed = String(response.getHeader("Vary") ?? "")
    .toLowerCase()
    .split(/ *, */);
  if (!listed.includes(name.toLowerCase()) && !listed.includes("*")) response.addHeader("Vary", name);
}

function checkCors(options: CorsOptions): void {
  if (typeof options !== "object" || options === null) throw fault(`must be an object, got ${String(options)}`);
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(names, name))
      throw fault(`unknown option "${name}"; the options are ${Object.keys(names).join(", ")}`);
  }
  checkOrigins(options);
  checkList("methods", options.methods, methodForm);
  checkList("headers", options.headers, nameForm);
  checkList("exposedHeaders", options.exposedHeaders, nameForm);
  const { maxAge } = options;
  if (maxAge === undefined || (Number.isInteger(maxAge) && maxAge >= 0)) return;
  throw fault(`maxAge must be a whole number of seconds from 0, got ${String(maxAge)}`);
}

const methodForm = /^[A-Z]+$/;
const nameForm = /^[!#$%&'+.^_`|~\w-]+$/;

function checkList(option: string, list: readonly string[] | undefined, form: RegExp): void {
  if (list === undefined || (Array.isArray(list) && list.every((item) => form.test(item)))) return;
  throw fault(
    `${option} must be a list of names like ${form === methodForm ? "PUT" : "X-Name"}, got ${JSON.stringify(list)}`,
  );
}

function checkOrigins({ origins, credentials }: CorsOptions): void {
  if (!Array.isArray(origins) || origins.length === 0) throw fault("origins must be a list with at least one origin");
  for (const origin of origins) {
    if (!isOrigin(origin))
      throw fault(`${JSON.stringify(origin)} is no origin like "https://app.example.com", without a path`);
  }
  const anybody = origins.find((origin) => origin === "*" || origin === "null");
  if (anybody !== undefined && credentials === true) {
    throw fault(`credentials for the origin "${anybody}" would be for every page there is; list the origins`);
  }
  if (origins.includes("*") && origins.length > 1) throw fault('"*" stands alone: it is every origin already');
}

/** As browsers send it: lower case, without a default port. */
function isOrigin(origin: unknown): boolean {
  if (origin === "*" || origin === "null") return true;
  if (typeof origin !== "string" || !/^[a-z][a-z\d+.-]*:\/\/[^*/?#@\\\s]+$/.test(origin)) return false;
  return !/^https?:/.test(origin) || (URL.canParse(origin) && new URL(origin).origin === origin);
}

function fault(text: string): ConfigurationError {
  return new ConfigurationError(`cors: ${text}`);
}
