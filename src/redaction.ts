/** Names of parameters and fields whose values no log shows by default: what usually is a credential. */
export const defaultRedacted: readonly string[] = [
  "_xsrf",
  "access_token",
  "api_key",
  "apikey",
  "authorization",
  "code",
  "cookie",
  "id_token",
  "passwd",
  "password",
  "refresh_token",
  "secret",
  "signature",
  "token",
];

let pattern = patternOf(defaultRedacted);

/** Sets the names of the parameters whose values {@link redactedTarget} takes out, whatever their case. */
export function setRedacted(names: readonly string[]): void {
  pattern = patternOf(names);
}

/** A request target as a log may show it: without the values of such parameters. */
export function redactedTarget(target: string): string {
  return pattern === undefined || !target.includes("?") ? target : target.replace(pattern, "$1[redacted]");
}

function patternOf(names: readonly string[]): RegExp | undefined {
  if (names.length === 0) return undefined;
  const alternatives = names.map((name) => name.replaceAll(/[^\w]/g, String.raw`\$&`)).join("|");
  return new RegExp(`([?&](?:${alternatives})=)[^&#]*`, "gi");
}
