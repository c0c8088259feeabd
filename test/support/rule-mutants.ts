/** A rule of a Prometheus rules file, as far as mutants are made of it. */
export interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly [other: string]: unknown;
}

export interface RuleMutant {
  /** What was changed, such as `PersonaTokenBudgetExceeded: 3600 → 3636`. */
  readonly what: string;
  readonly rule: Rule;
}

interface Change {
  readonly what: string;
  readonly expr: string;
}

/**
 * Every rule that differs from this one in a single place: a number or a duration a little greater or less, `for`
 * likewise, a comparison that takes in its bound or not, a label that is no longer told apart, a matcher negated, gone,
 * or with one alternative less.
 */
export function mutantsOf(rule: Rule): readonly RuleMutant[] {
  const name = rule.alert ?? rule.record ?? "";
  const changes = [
    ...numbers(rule.expr),
    ...durations(rule.expr),
    ...comparisons(rule.expr),
    ...groupings(rule.expr),
    ...matchers(rule.expr),
  ];
  return [
    ...changes.map(({ what, expr }) => ({ what: `${name}: ${what}`, rule: { ...rule, expr } })),
    ...pendings(rule).map((value) => ({
      what: `${name}: for ${rule.for} → ${value}`,
      rule: { ...rule, for: value },
    })),
  ];
}

function numbers(expr: string): Change[] {
  return changesAt(bare(expr), /(?<![\w.:])\d+(?:\.\d+)?(?![\w.])/g, ([text]) => {
    const value = Number(text);
    const step = !Number.isInteger(value) ? value / 10 : value > 100 ? value / 100 : 1;
    return [value - step, value + step].map((other) => String(Number(other.toPrecision(6))));
  })(expr);
}

function durations(expr: string): Change[] {
  return changesAt(expr, /(?<=\[)(\d+[smhd])(?=\])/g, ([text]) => {
    const seconds = secondsOf(text);
    return [`${Math.round(seconds * 0.9)}s`, `${Math.round(seconds * 1.1)}s`];
  })(expr);
}

function comparisons(expr: string): Change[] {
  return changesAt(bare(expr), /[<>]=?/g, ([text]) => [text.endsWith("=") ? text.slice(0, 1) : `${text}=`])(
    expr,
  );
}

/** One label fewer in a `by` or an `on`. */
function groupings(expr: string): Change[] {
  return changesAt(expr, /(?<=\b(?:by|on) \()[^)]+(?=\))/g, ([text]) => {
    const labels = text.split(", ");
    return labels.map((label) => labels.filter((other) => other !== label).join(", "));
  })(expr);
}

function matchers(expr: string): Change[] {
  return changesAt(expr, /(\w+)(=~|!~|!=|=)"([^"]*)",?/g, ([, label, operator = "", value = ""]) => {
    const negated = { "=": "!=", "!=": "=", "=~": "!~", "!~": "=~" }[operator] ?? "";
    const alternatives = value.split("|");
    return [
      `${label}${negated}"${value}"`,
      "",
      ...(alternatives.length === 1
        ? []
        : alternatives.map(
            (gone) => `${label}${operator}"${alternatives.filter((one) => one !== gone).join("|")}"`,
          )),
    ];
  })(expr);
}

function pendings(rule: Rule): string[] {
  if (rule.for === undefined) return [];
  const seconds = secondsOf(rule.for);
  return [seconds - 60, seconds + 60].filter((value) => value >= 0).map((value) => `${value}s`);
}

/** @param where the text that the pattern is looked for in, of the same length as the expression. */
function changesAt(where: string, pattern: RegExp, others: (match: RegExpExecArray) => readonly string[]) {
  return (expr: string): Change[] =>
    [...where.matchAll(pattern)].flatMap((match) =>
      others(match).map((other) => {
        const end = match.index + match[0].length;
        const changed = `${expr.slice(0, match.index)}${other}${expr.slice(end)}`;
        return { what: `${match[0]} → ${other === "" ? "nothing" : other} at ${match.index}`, expr: changed };
      }),
    );
}

/** Without what stands in braces and brackets, which is no number to compare with; lengths stay as they are. */
function bare(expr: string): string {
  return expr.replace(/\{[^}]*\}|\[[^\]]*\]/g, (text) => " ".repeat(text.length));
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Of a Prometheus duration with one unit, such as `90s` or `6h`. */
export function secondsOf(duration: string): number {
  const [, amount, unit = ""] = /^(\d+)([smhd])$/.exec(duration) ?? [];
  const seconds = Number(amount) * (UNIT_SECONDS[unit] ?? Number.NaN);
  if (Number.isNaN(seconds)) throw new Error(`not a duration with one unit: ${duration}`);
  return seconds;
}
