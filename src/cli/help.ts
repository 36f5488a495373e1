/** The help of one verb, for a terminal of any width, made from its entry in the table. */
import { proseColumns, type Row, rowLines, wrap } from "./text/wrap.ts";
import { globalOptions, type Option, type Verb } from "./verb.ts";

const helpRow: Row = { term: "-h, --help", text: "print this help" };

/** `above` is the verb that it stands below, as `daemon` for `daemon stop`. */
export function verbHelp(verb: Verb, above: Verb | undefined, columns: number): string {
  const width = proseColumns(columns);
  const own = [...(verb.options ?? []).map(optionRow), helpRow];
  const common = globalOptions.map(optionRow);
  const below = (verb.verbs ?? []).map((one) => ({ term: one.name, text: one.summary }));
  const termColumns = Math.max(...[...own, ...common, ...below].map(({ term }) => term.length));
  const table = (title: string, rows: Row[]) =>
    rows.length === 0 ? [] : [[title, ...rowLines(rows, width, { termColumns })]];
  const paragraphs = [
    wrap(`Usage: ${usage(verb, above)}`, width, "    "),
    wrap(sentence(verb.summary), width),
    wrap(verb.about ?? "", width),
    ...(verb.alias ? [[`Alias: ${verb.alias}`]] : []),
    ...(verb.argumentChoices ? [[`One of: ${verb.argumentChoices.join(", ")}`]] : []),
    ...table("Verbs:", below),
    ...table("Options:", own),
    ...table("Options for every verb:", common),
    ["Examples:", ...(verb.examples ?? []).flatMap((example) => exampleLines(example, width))],
  ];
  return paragraphs
    .filter((lines) => lines.join("") !== "")
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}

function usage(verb: Verb, above: Verb | undefined): string {
  const names = ["hacs-session", ...(above ? [above.name] : []), verb.name];
  const rest = verb.verbs ? ["<verb>", "[options]"] : ["[options]", ...(verb.arguments ?? [])];
  return [...names, ...rest].join(" ");
}

export function optionRow({ flags, about, choices }: Option): Row {
  return { term: flags, text: choices ? `${about}: ${choices.join(", ")}` : about };
}

/** A command is never broken: it is there to be copied. */
function exampleLines([line, does]: [string, string], columns: number): string[] {
  // A line that has the name in it already begins with another program.
  const whole = line.includes("hacs-session") ? line : `hacs-session ${line}`;
  return [`  ${whole}`, ...wrap(`      ${does}`, columns, "      ")];
}

export function sentence(text: string): string {
  const trimmed = text.trim();
  const whole = trimmed.endsWith(".") ? trimmed : `${trimmed}.`;
  return whole.charAt(0).toUpperCase() + whole.slice(1);
}
