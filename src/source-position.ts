import { readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

/** A place in a file of JavaScript, as V8 counts: from 0. */
export interface Position {
  readonly url: string;
  readonly line: number;
  readonly column: number;
}

/**
 * A position for people: `src/app.ts:25:3`, from the current folder, counted from 1; in the source when `mapped` and the file
 * has a source map beside it. What is in no file is shown as it is, `node:internal/timers:581:17`.
 */
export function describePosition(position: Position, mapped: boolean): string {
  const { url, line, column } = (mapped && sourceOf(position)) || position;
  return `${describeFile(url)}:${line + 1}:${column + 1}`;
}

function describeFile(url: string): string {
  if (!url.startsWith("file:")) return url;
  const path = fileURLToPath(url);
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short;
}

function sourceOf({ url, line, column }: Position): Position | undefined {
  const map = mapOf(url);
  const entry = map?.content.findEntry(line, column);
  if (map === undefined || entry === undefined || !("originalSource" in entry)) return undefined;
  const { originalSource, originalLine, originalColumn } = entry;
  return { url: new URL(originalSource, map.url).href, line: originalLine, column: originalColumn };
}

/** Read from the disk: Node keeps the maps that it has read in the thread that ran the code. */
function mapOf(url: string): { readonly url: string; readonly content: SourceMap } | undefined {
  try {
    const [, name] = /\/\/# sourceMappingURL=(?!data:)(\S+)\s*$/.exec(readFileSync(new URL(url), "utf8")) ?? [];
    if (name === undefined) return undefined;
    const mapUrl = new URL(name, url);
    const payload = JSON.parse(readFileSync(mapUrl, "utf8")) as SourceMapPayload;
    const root = payload.sourceRoot ? payload.sourceRoot.replace(/\/?$/, "/") : "./";
    return { url: new URL(root, mapUrl).href, content: new SourceMap(payload) };
  } catch {
    // Without a map, or with one that is none, the position in the JavaScript has to do.
    return undefined;
  }
}
