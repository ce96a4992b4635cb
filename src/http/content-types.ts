import { extname } from "node:path";
import mimeTypes from "mime-types";

/** The content type of a file by the ending of its name, text as UTF-8; bytes of no known kind for an unknown one. */
export function contentTypeOf(name: string): string {
  return mimeTypes.contentType(extname(name)) || "application/octet-stream";
}
