/** A vector selector as it stands in a query. */
export interface Selector {
  readonly name: string;
  /** With its braces; "" where there are none. */
  readonly matchers: string;
  /** Within the brackets; undefined for an instant vector. */
  readonly range: string | undefined;
  /** The function or aggregation that it is an argument of. */
  readonly parent: string | undefined;
}

const TOKEN =
  /"(?:[^"\\]|\\.)*"|\[[^\]]*\]|\{(?:"(?:[^"\\]|\\.)*"|[^}"])*\}|\$\w+|[a-zA-Z_:][\w:]*|\d[\w.]*|\S/g;
const OPERATORS = ["and", "or", "unless", "bool", "offset", "inf", "nan"];
const BEFORE_LABELS = ["by", "without", "on", "ignoring", "group_left", "group_right"];

/** All selectors of a valid query, with or without Grafana's variables. Not a parser: it knows what queries of dashboards are made of. */
export function selectorsOf(expression: string): Selector[] {
  const tokens: readonly string[] = expression.match(TOKEN) ?? [];
  const found: Selector[] = [];
  const callers: (string | undefined)[] = [];
  let aggregation: string | undefined;
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] ?? "";
    const next = tokens[at + 1] ?? "";
    if (token === "(") {
      const before = tokens[at - 1] ?? "";
      callers.push(aggregation ?? (isName(before) && !OPERATORS.includes(before) ? before : undefined));
      aggregation = undefined;
    } else if (token === ")") callers.pop();
    else if (BEFORE_LABELS.includes(token.toLowerCase())) {
      if (next === "(") at = tokens.indexOf(")", at);
    } else if (isName(token) && !OPERATORS.includes(token.toLowerCase())) {
      if (next === "by" || next === "without") aggregation = token;
      else if (next !== "(") found.push(selectorAt(tokens, at, callers.at(-1)));
    } else if (token.startsWith("{") && !isName(tokens[at - 1] ?? "")) {
      found.push(selectorAt(["", ...tokens.slice(at)], 0, callers.at(-1)));
    }
  }
  return found;
}

function selectorAt(tokens: readonly string[], at: number, parent: string | undefined): Selector {
  const next = tokens[at + 1] ?? "";
  const matchers = next.startsWith("{") ? next : "";
  const bracket = tokens[at + (matchers === "" ? 1 : 2)] ?? "";
  const range = bracket.startsWith("[") ? bracket.slice(1, -1) : undefined;
  return { name: tokens[at] ?? "", matchers, range, parent };
}

function isName(token: string): boolean {
  return /^[a-zA-Z_:]/.test(token);
}
