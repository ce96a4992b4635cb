import { HTTPError } from "../errors.js";
import { endOfString, isHeavy } from "./json-weight.js";
import type { HTTPSettings } from "./limits.js";
import { decodeUtf8, parseMediaType, requireUtf8 } from "./media-type.js";

/**
 * The value of a JSON body.
 *
 * @param contentType the field's value; must be `application/json` or end in `+json`, in UTF-8.
 * @throws HTTPError 415 for another type, 400 for what is not JSON, nested deeper than `jsonDepth`, heavier than
 * `jsonWeight`, or has a member that would reach a prototype when the object is merged into another. The client is told what
 * is wrong in `detail`; neither log nor answer repeats the body.
 */
export function parseJson(
  body: Buffer,
  contentType: string | undefined,
  settings: Pick<HTTPSettings, "jsonDepth" | "jsonWeight">,
): unknown {
  requireJsonType(contentType);
  if (body.length === 0) throw refuse("the body is empty");
  refuseDeep(body, settings.jsonDepth);
  if (isHeavy(body, settings.jsonWeight)) throw refuse(tooHeavy(settings.jsonWeight));
  const text = decodeUtf8(body);
  const value = parse(text);
  if (mayReachPrototype(text)) refusePrototypes(value);
  return value;
}

function refuse(detail: string): HTTPError {
  return new HTTPError(400, `JSON: ${detail}`, { extensions: { detail } });
}

/** How nearly all clients announce it: these need not be parsed. */
const usualTypes: ReadonlySet<string> = new Set([
  "application/json",
  "application/json; charset=utf-8",
  "application/json;charset=utf-8",
  "application/json; charset=UTF-8",
  "application/json;charset=UTF-8",
]);

function tooHeavy(limit: number): string {
  return `weighs more than ${limit}: too many values, arrays, objects or different names`;
}

function requireJsonType(contentType: string | undefined): void {
  if (contentType !== undefined && usualTypes.has(contentType)) return;
  const type = contentType === undefined ? undefined : parseMediaType(contentType);
  if (type === undefined || !/^(?:application\/json|.+\+json)$/.test(type.essence)) {
    throw new HTTPError(415, "the body is not announced as JSON", { headers: { Accept: "application/json" } });
  }
  requireUtf8(type);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The SyntaxError quotes the body, so it is not kept as the cause.
    throw refuse("the body is not valid JSON");
  }
}

const quote = 0x22;

/** One pass over the bytes: in UTF-8 none of these characters occurs inside another. */
function refuseDeep(body: Uint8Array, limit: number): void {
  if (body.length <= limit) return;
  let depth = 0;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i];
    if (byte === quote) i = endOfString(body, i);
    else if (byte === 0x5b || byte === 0x7b) depth += 1;
    else if (byte === 0x5d || byte === 0x7d) depth -= 1;
    if (depth > limit) throw refuse(`nested deeper than ${limit}`);
  }
}

/** The names that matter, with any of their letters escaped: what else is escaped costs no walk. */
const suspicious = new RegExp(`"(?:${spelled("__proto__")}|${spelled("constructor")})"\\s*:`);

/** Whether a walk is worth it. Most documents have none of the words, which is found out sooner than where they stand. */
function mayReachPrototype(text: string): boolean {
  const mentioned = text.includes("__proto__") || text.includes("constructor") || text.includes("\\u00");
  return mentioned && suspicious.test(text);
}

function spelled(name: string): string {
  return Array.from(name, (letter) => {
    const code = letter.charCodeAt(0).toString(16).replace("f", "[fF]");
    return `(?:${letter}|\\\\u00${code})`;
  }).join("");
}

/** Recursive: the depth is limited by now. */
function refusePrototypes(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) return value.forEach(refusePrototypes);
  if (Object.hasOwn(value, "__proto__") || hasConstructorPrototype(value)) {
    throw refuse("a member name that is not allowed");
  }
  for (const name in value) refusePrototypes((value as Record<string, unknown>)[name]);
}

function hasConstructorPrototype(value: object): boolean {
  if (!Object.hasOwn(value, "constructor")) return false;
  const { constructor } = value as { readonly constructor: unknown };
  return typeof constructor === "object" && constructor !== null && Object.hasOwn(constructor, "prototype");
}
