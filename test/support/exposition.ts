/** Prometheus' text exposition format (version 0.0.4), read strictly. */
export interface ExpositionFamily {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram" | "summary" | "untyped";
  readonly samples: readonly ExpositionSample[];
}

export interface ExpositionSample {
  /** The series' own name: with `_bucket`, `_sum` or `_count` for a histogram. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface MutableFamily extends ExpositionFamily {
  help: string;
  type: ExpositionFamily["type"];
  samples: ExpositionSample[];
}

const TYPES = ["counter", "gauge", "histogram", "summary", "untyped"];
const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL = /^\s*([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"\s*(,|(?=\}))/;

/** Throws on anything the real Pushgateway would answer with 400: bad syntax, timestamps, series given twice. */
export function parseExposition(text: string): ExpositionFamily[] {
  if (text !== "" && !text.endsWith("\n")) throw new Error("the last line has no newline");
  const families = new Map<string, MutableFamily>();
  const seen = new Set<string>();
  const family = (name: string) => {
    const known = families.get(name) ?? { name, help: "", type: "untyped", samples: [] };
    families.set(name, known);
    return known;
  };

  for (const line of text.split("\n")) {
    const comment = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line);
    if (comment !== null) {
      const [, keyword, name = "", rest = ""] = comment;
      if (keyword === "HELP") family(name).help = rest;
      else if (!TYPES.includes(rest)) throw new Error(`unknown type: ${line}`);
      else family(name).type = rest as ExpositionFamily["type"];
    } else if (line.trim() !== "" && !line.startsWith("#")) {
      const sample = parseSample(line);
      const key = seriesKey(sample.name, sample.labels);
      if (seen.has(key)) throw new Error(`series given twice: ${key}`);
      seen.add(key);
      family(familyNameOf(sample.name, families)).samples.push(sample);
    }
  }
  return [...families.values()];
}

/** `name{a="1",b="2"}` with sorted labels: the same text for the same series. */
export function seriesKey(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${name}{${pairs.sort().join(",")}}`;
}

function familyNameOf(sampleName: string, families: ReadonlyMap<string, ExpositionFamily>): string {
  const base = sampleName.replace(/_(bucket|sum|count)$/, "");
  const type = families.get(base)?.type;
  return type === "histogram" || type === "summary" ? base : sampleName;
}

function parseSample(line: string): ExpositionSample {
  const malformed = () => new Error(`malformed sample: ${line}`);
  const name = NAME.exec(line)?.[0];
  if (name === undefined) throw malformed();
  let rest = line.slice(name.length);
  const labels: Record<string, string> = {};
  if (rest.startsWith("{")) {
    rest = rest.slice(1);
    while (!rest.trimStart().startsWith("}")) {
      const match = LABEL.exec(rest);
      if (match === null) throw malformed();
      const [whole, label = "", value = ""] = match;
      if (label in labels) throw malformed();
      labels[label] = value.replace(/\\([\\"n])/g, (_, escaped) => (escaped === "n" ? "\n" : escaped));
      rest = rest.slice(whole.length);
    }
    rest = rest.trimStart().slice(1);
  }
  const [valueText, ...timestamp] = rest.trim().split(/\s+/);
  if (timestamp.length > 0) throw new Error(`timestamps are not allowed: ${line}`);
  const value = parseValue(valueText ?? "");
  if (value === undefined) throw malformed();
  return { name, labels, value };
}

function parseValue(text: string): number | undefined {
  if (/^[+-]?Inf$/i.test(text))
    return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^NaN$/i.test(text)) return Number.NaN;
  const value = Number(text);
  return text === "" || Number.isNaN(value) ? undefined : value;
}
