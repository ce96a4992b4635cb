import type { Option } from "./option.js";

const defaultGroup = "Options";
/** Wider forms get a line of their own. */
const widestForm = 30;

/** The text of `--help`: the options by group, groups in order of their first option. */
export function usage(program: string, options: Iterable<Option>): string {
  const groups = new Map([[defaultGroup, [line("--help", "show this help")]]]);
  for (const option of options) {
    const group = option.settings.group ?? defaultGroup;
    groups.set(group, [...(groups.get(group) ?? []), line(form(option), description(option))]);
  }
  const sections = [...groups].map(([group, lines]) => `${group}:\n${lines.join("\n")}\n`);
  return `Usage: ${program} [options] [arguments]\n\n${sections.join("\n")}`;
}

function line(left: string, right: string): string {
  const gap = left.length > widestForm ? `\n${" ".repeat(widestForm + 2)}` : " ".repeat(widestForm - left.length);
  return `  ${left}${gap}  ${right}`.trimEnd();
}

function form(option: Option): string {
  if (option.isFlag) return `--[no-]${option.name}`;
  const more = option.settings.multiple ? ",…" : "";
  return `--${option.name}=${option.metavar}${more}`;
}

function description(option: Option): string {
  const { help = "", env, min, max, choices } = option.settings;
  const show = (value: unknown): string => option.kind.format(value);
  const notes = [
    choices && `one of ${choices.map(show).join(", ")}`,
    min !== undefined && `at least ${show(min)}`,
    max !== undefined && `at most ${show(max)}`,
    option.defaultText && `default ${option.defaultText}`,
    env && `environment ${env}`,
  ].filter(Boolean);
  return notes.length === 0 ? help : `${help} (${notes.join("; ")})`.trimStart();
}
