const months = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec";
const time = "(\\d\\d):(\\d\\d):(\\d\\d)";
const forms: readonly RegExp[] = [
  new RegExp(`^[A-Z][a-z]{2}, (?<day>\\d\\d) (?<month>${months}) (?<year>\\d{4}) ${time} GMT$`),
  // The two obsolete forms, which a recipient must still read.
  new RegExp(`^[A-Z][a-z]{5,8}, (?<day>\\d\\d)-(?<month>${months})-(?<year>\\d\\d) ${time} GMT$`),
  new RegExp(`^[A-Z][a-z]{2} (?<month>${months}) (?<day>[ \\d]\\d) ${time} (?<year>\\d{4})$`),
];

/**
 * The milliseconds of an HTTP date in any of its three forms (RFC 9110, section 5.6.7); undefined for everything else:
 * `Date.parse` would read a year out of almost any text.
 */
export function parseHttpDate(text: string): number | undefined {
  for (const form of forms) {
    const groups = form.exec(text)?.groups;
    if (groups === undefined) continue;
    const { day = "", month = "", year = "" } = groups;
    const clock = /\d\d:\d\d:\d\d/.exec(text)?.[0] ?? "";
    const date = Date.parse(`${day.trim()} ${month} ${fullYear(year)} ${clock} GMT`);
    return Number.isNaN(date) ? undefined : date;
  }
  return undefined;
}

let latest = { second: 0, text: "" };

/** The time now as an HTTP date. Within a second it is made once: each answer has one. */
export function dateNow(): string {
  const ms = Date.now();
  const second = Math.floor(ms / 1000);
  if (second !== latest.second) latest = { second, text: new Date(ms).toUTCString() };
  return latest.text;
}

/** Two digits that would be more than 50 years ahead mean the century before. */
function fullYear(year: string): number {
  if (year.length === 4) return Number(year);
  const now = new Date().getUTCFullYear();
  const guess = now - (now % 100) + Number(year);
  return guess > now + 50 ? guess - 100 : guess;
}
