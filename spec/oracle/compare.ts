import type { Answer } from "./run.js";

/** What differs between two answers to one request, a line each. Behind another status everything else follows from that. */
export function differencesOf(theirs: Answer, ours: Answer): string[] {
  if (theirs.status !== ours.status) return [`status: ${shownStatus(theirs)} → ${shownStatus(ours)}`];
  const reason = theirs.reason === ours.reason ? [] : [`reason: ${theirs.reason} → ${ours.reason}`];
  const spacing = isJson(theirs) && isJson(ours) && lengthOf(theirs) !== lengthOf(ours) ? ["spacing of JSON"] : [];
  return [...reason, ...spacing, ...headerDifferences(theirs, ours), ...bodyDifferences(theirs, ours)];
}

function shownStatus({ status }: Answer): string {
  return status === 0 ? "none" : String(status);
}

function headerDifferences(theirs: Answer, ours: Answer): string[] {
  const names = [...new Set([...Object.keys(theirs.headers), ...Object.keys(ours.headers)])].toSorted();
  const otherBytes = isErrorPage(theirs, ours) || (isJson(theirs) && isJson(ours));
  const follows = otherBytes ? ["content-length", "etag"] : [];
  return names
    .filter((name) => theirs.headers[name] !== ours.headers[name] && !follows.includes(name))
    .map((name) => `header ${name}: ${theirs.headers[name] ?? "–"} → ${ours.headers[name] ?? "–"}`);
}

/** Of JSON the members that differ. */
function bodyDifferences(theirs: Answer, ours: Answer): string[] {
  if (theirs.body === ours.body) return [];
  if (isErrorPage(theirs, ours)) return ["error page"];
  const [a, b] = [membersOf(theirs), membersOf(ours)];
  if (a === undefined || b === undefined) return [`body: ${theirs.body} → ${ours.body}`];
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  const differing = names.filter((name) => JSON.stringify(a[name]) !== JSON.stringify(b[name]));
  return differing.map((name) => `body: ${name} ${JSON.stringify(a[name])} → ${JSON.stringify(b[name])}`);
}

function isErrorPage(theirs: Answer, ours: Answer): boolean {
  return ours.headers["content-type"] === "application/problem+json" && theirs.body.startsWith("<html>");
}

function isJson({ headers }: Answer): boolean {
  return headers["content-type"]?.startsWith("application/json") ?? false;
}

function lengthOf({ headers }: Answer): string | undefined {
  return headers["content-length"];
}

function membersOf({ body }: Answer): Record<string, unknown> | undefined {
  return body.startsWith("{") ? (JSON.parse(body) as Record<string, unknown>) : undefined;
}
