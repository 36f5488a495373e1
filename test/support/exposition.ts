/**
 * Prometheus' text format, read as strictly as promtool does: what is wrong is thrown. See
 * https://prometheus.io/docs/instrumenting/exposition_formats/.
 */
export interface Series {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface Family {
  type: string;
  help: string;
  series: Series[];
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = `([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\\\\n]|\\\\["\\\\n])*)"`;

export function readExposition(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  let current: string | undefined;
  const seen = new Set<string>();
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const [, kind, name = "", rest = ""] =
      new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`).exec(line) ?? [];
    if (kind === "HELP") {
      if (families.has(name)) throw new Error(`a second HELP: ${line}`);
      families.set(name, { type: "untyped", help: rest, series: [] });
      current = name;
      continue;
    }
    const family = families.get(current ?? "");
    if (current === undefined || family === undefined) throw new Error(`before any HELP: ${line}`);
    if (kind === "TYPE") {
      if (name !== current || family.series.length > 0) throw new Error(`misplaced: ${line}`);
      if (!/^(counter|gauge|histogram|summary)$/.test(rest)) throw new Error(`no type: ${line}`);
      family.type = rest;
      continue;
    }
    const series = readSeries(line);
    const suffixes = family.type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
    if (!suffixes.some((suffix) => series.name === current + suffix))
      throw new Error(`not of ${current}: ${line}`);
    const key = JSON.stringify([series.name, Object.entries(series.labels).toSorted()]);
    if (seen.has(key)) throw new Error(`twice: ${line}`);
    seen.add(key);
    family.series.push(series);
  }
  for (const [name, family] of families) check(name, family);
  return families;
}

function readSeries(line: string): Series {
  const [, name = "", , labels = "", number = ""] =
    new RegExp(`^(${NAME})(\\{((?:${LABEL},?)*)\\})? (\\S+)$`)
      .exec(line)
      ?.filter((_, place) => place < 4 || place === 6) ?? [];
  if (name === "") throw new Error(`no series: ${line}`);
  const value = number === "+Inf" ? Number.POSITIVE_INFINITY : Number(number);
  if (number === "" || Number.isNaN(value)) throw new Error(`no number: ${line}`);
  const found = [...labels.matchAll(new RegExp(LABEL, "g"))].map(([, key = "", text = ""]) => [
    key,
    text,
  ]);
  return { name, labels: Object.fromEntries(found), value };
}

function check(name: string, { type, series }: Family): void {
  if (type === "untyped") throw new Error(`${name} has no TYPE`);
  if ((type === "counter") !== name.endsWith("_total")) throw new Error(`${name} is a ${type}`);
  if (type === "counter" && series.some(({ value }) => value < 0)) throw new Error(`${name} < 0`);
  if (type !== "histogram") return;
  const groups = new Map<string, Series[]>();
  for (const one of series.filter((each) => each.name === `${name}_bucket`)) {
    const { le: _, ...labels } = one.labels;
    const key = JSON.stringify(labels);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  for (const [key, buckets] of groups) {
    const values = buckets.map(({ value }) => value);
    if (values.some((value, place) => value < (values[place - 1] ?? 0)))
      throw new Error(`${name}${key}: buckets that fall`);
    const last = buckets.at(-1);
    const count = series.find(
      (one) => one.name === `${name}_count` && JSON.stringify(one.labels) === key,
    );
    if (last?.labels.le !== "+Inf" || last.value !== count?.value)
      throw new Error(`${name}${key}: +Inf is not the count`);
  }
}
