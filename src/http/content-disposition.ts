import { ResponseError } from "../errors.js";
import { library } from "../on-demand.js";

const { create } = library<typeof import("content-disposition")>("content-disposition");

/**
 * The `Content-Disposition` by which a browser saves an answer under a name, in any script (RFC 6266): only what stands
 * behind the last slash or backslash of it, with `_` for control characters.
 *
 * @throws ResponseError for a name of which nothing is left.
 */
export function attachment(filename: string): string {
  const name = filename
    .replace(/^.*[/\\]/s, "")
    .replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, "_")
    .replaceAll(/\p{Surrogate}/gu, "\ufffd");
  if (name === "") throw new ResponseError(`download() needs the name of a file, got ${JSON.stringify(filename)}`);
  return create(name);
}
