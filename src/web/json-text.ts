import { ResponseError } from "../errors.js";

/**
 * JSON that is also safe inside an HTML `<script>`: `</` is written `<\/`. Source: Tornado's `json_encode`.
 *
 * @throws ResponseError for what JSON would silently show as nothing. @throws TypeError for cycles and bigints.
 */
export function jsonText(value: object): string {
  if (value instanceof Error) throw new ResponseError(`${nameOf(value)} was returned or written: throw it instead`);
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined || (text === "{}" && !isPlain(value))) {
    throw new ResponseError(`${nameOf(value)} has nothing that JSON shows: await it, or make a plain object of it`);
  }
  return text.includes("</") ? text.replaceAll("</", "<\\/") : text;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function nameOf(value: object): string {
  const name = (value.constructor as { readonly name?: string } | undefined)?.name;
  return name === undefined || name === "" ? "an object" : `a value of class ${name}`;
}
