import { digits } from "./table.js";
import type { Result } from "./results.js";
import type { Row } from "./work.js";

const width = 760;
const barStart = 310;
const barWidth = 300;
const line = 22;

/** Colours that hold on a light and on a dark page; the page is the chart's own, so that none is taken from where it is shown. */
const style = `
  svg { font: 13px system-ui, sans-serif; --page: #ffffff; --text: #1f2328; --soft: #59636e; --ours: #0969da; --bar: #b6bec8; }
  @media (prefers-color-scheme: dark) {
    svg { --page: #0d1117; --text: #f0f6fc; --soft: #9198a1; --ours: #4493f8; --bar: #4a525c; }
  }
  .page { fill: var(--page); } text { fill: var(--text); } .title { font-weight: 600; } .soft { fill: var(--soft); }
  .bar { fill: var(--bar); } .ours { fill: var(--ours); }
`;

/** Bars for each work, the shorter the better, drawn to the longest of the work. */
export function chart(results: readonly Result[], caption: string): string {
  let y = 30;
  const parts: string[] = [text(16, y, "soft", `${caption}; the shorter, the better; × is Waterspout's part of it`)];
  for (const { title, unit, group } of results.flatMap(groupsOf)) {
    y += line * 1.6;
    parts.push(text(16, y, "title", `${title}: ${unit}`));
    const longest = Math.max(...group.map(({ figure }) => figure));
    for (const row of group) parts.push(bar(row, (y += line), longest));
  }
  const height = y + 20;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">` +
    `<title>${escaped(caption)}</title><style>${style}</style><rect class="page" width="100%" height="100%"/>\n` +
    `${parts.join("\n")}\n</svg>\n`
  );
}

interface Group {
  readonly title: string;
  readonly unit: string;
  readonly group: readonly Row[];
}

/** Only what is counted alike can be drawn to one scale. */
function groupsOf({ title, rows }: Result): Group[] {
  const units = new Set(rows.map(({ unit }) => unit));
  return [...units].map((unit) => ({ title, unit, group: rows.filter((row) => row.unit === unit) }));
}

function bar({ subject, figure, ratio }: Row, y: number, longest: number): string {
  const length = Math.max(1, (figure / longest) * barWidth);
  const kind = /^(?:waterspout|@)/.test(subject) ? "ours" : "bar";
  const compared = ratio === undefined ? "" : `  ×${ratio.median.toFixed(2)}`;
  return (
    text(barStart - 10, y, "", subject, "end") +
    `<rect class="${kind}" x="${barStart}" y="${y - 13}" width="${length.toFixed(1)}" height="16" rx="2"/>` +
    text(barStart + length + 8, y, "", `${digits(figure)}${compared}`)
  );
}

function text(x: number, y: number, kind: string, content: string, anchor = "start"): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" class="${kind}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
