import { MASK } from "./mask-text.ts";
import { isPasswordName, isPlainWord, isSecretName } from "./secret-names.ts";

const ESC = "\\x1b";
const COLOUR = `(?:${ESC}\\[[0-9;]{0,12}m){0,3}`;
const NAME = new RegExp(`(?<![\\w.-](?<!${ESC}\\[[0-9;]{0,12}m))(-{0,2})([A-Za-z_][\\w.-]{0,127})`, "g");
/** `=`, `:`, `=>`, after the quote that ends a name, escaped or not. `::` and `://` are something else. */
const SEPARATOR = new RegExp(
  `${COLOUR}\\\\{0,3}["'\`]?\\]?${COLOUR}\\s{0,8}(?:=>|:=|={1,3}|:(?!:|//))\\s{0,8}${COLOUR}`,
  "y",
);
/** Between a flag and its value: white space, or the border of two elements of a list. */
const FLAG_SEPARATOR = /[ \t]{1,4}(?![-\s|<>[])|["'],\s{0,4}(?=["'])/y;
const OPENING_QUOTE = /[[({]{0,2}\s{0,2}[bfru]?(\\{0,3}["'`])/y;
/** To where a list, a query or a sentence goes on; a quote, comma, `;` or `&` within the value is part of it. */
const BARE_VALUE = new RegExp(
  `(?:[^\\s"'\\\`,;&${ESC}]|["'\\\`](?![\\s,;)}\\]:.]|$)|[,;](?![\\w.-]{1,64}[=:]|["'\\s]|$)|&(?![\\w.%-]{1,64}=|&|$))+`,
  "y",
);
const QUERY_VALUE = /[^\s&#"'<>`]+/y;
const HEADER_VALUE = new RegExp(`[^"'\\\`${ESC}]+`, "y");
const ELEMENT_VALUE = /[^<]+/y;
const QUERY_SECRETS = /^(?:key|sig|signature|x-amz-signature|x-amz-credential|x-goog-signature)$/i;
/** `src/token.ts:12:5` tells of a place. */
const FILE_NAME =
  /\.(?:[cm]?[jt]sx?|py|go|rs|rb|java|kt|cs?|cpp|h|php|sh|md|json|ya?ml|toml|txt|log|lock|html?|css|vue|sql|snap)$/i;
/** The scheme stays, what proves who one is goes. */
const SCHEME = /^([A-Za-z][\w-]{0,30}\s+)\S/;

/** Where in a line a value stands. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * Masks values whose names tell that they are secret: assignments, JSON, YAML, headers, flags, queries, XML. The
 * names stay, and so do references (`$TOKEN`), types (`password: string`) and words of prose. One line.
 *
 * @param onMasked told of each.
 */
export function maskAssignments(line: string, onMasked?: () => void): string {
  let masked = "";
  let done = 0;
  NAME.lastIndex = 0;
  for (let match = NAME.exec(line); match !== null; match = NAME.exec(line)) {
    const value = secretAfter(line, match.index, NAME.lastIndex, match[1] ?? "", match[2] ?? "");
    if (value === undefined) continue;
    masked += line.slice(done, value.from) + MASK;
    done = value.to;
    onMasked?.();
    NAME.lastIndex = value.to;
  }
  return done === 0 ? line : masked + line.slice(done);
}

function secretAfter(
  line: string,
  start: number,
  end: number,
  dashes: string,
  name: string,
): Span | undefined {
  const inQuery = line[start - 1] === "?" || line[start - 1] === "&";
  if (FILE_NAME.test(name)) return undefined;
  if (!isSecretName(name) && !(inQuery && QUERY_SECRETS.test(name))) return undefined;
  if (line[start - 1] === "<" && line[end] === ">") {
    const content = spanOf(ELEMENT_VALUE, line, end + 1);
    return content !== undefined && line.startsWith(`</${name}`, content.to) ? content : undefined;
  }
  const separator = textAt(SEPARATOR, line, end);
  if (separator === undefined) {
    const gap = dashes === "" ? undefined : textAt(FLAG_SEPARATOR, line, end);
    if (gap === undefined) return undefined;
    const argument = quoted(line, end + gap.length) ?? spanOf(BARE_VALUE, line, end + gap.length);
    return argument !== undefined && isProseAfterFlag(line.slice(argument.from, argument.to))
      ? undefined
      : worthMasking(line, name, argument);
  }
  const at = end + separator.length;
  if (inQuery) return worthMasking(line, name, spanOf(QUERY_VALUE, line, at));
  const inQuotes = quoted(line, at);
  if (/authorization$/i.test(name)) return credentials(line, inQuotes, at);
  if (inQuotes !== undefined) return worthMasking(line, name, inQuotes);
  if (/cookie$/i.test(name) && separator.includes(":")) return spanOf(HEADER_VALUE, line, at);
  if (separator.includes("=")) {
    const element = quotedWithName(line, start, at, separator);
    if (element !== undefined) return worthMasking(line, name, element);
  }
  const bare = trimmed(line, spanOf(BARE_VALUE, line, at));
  if (bare === undefined || /^[[({|>]/.test(line.slice(bare.from, bare.to))) return undefined;
  if (separator.includes(":") && isPlainWord(name) && !looksRandom(line.slice(bare.from, bare.to))) {
    return undefined;
  }
  return worthMasking(line, name, bare);
}

/** Of an `Authorization` header: with a scheme that is followed by one word, that word; else all the rest. */
function credentials(line: string, inQuotes: Span | undefined, at: number): Span | undefined {
  const rest = line.slice(at);
  const simple = /^([A-Za-z][\w-]{0,30}\s+)?[^\s"'`]+/.exec(rest);
  const isLong = /^(?:Digest|AWS4-HMAC-SHA256|OAuth|Signature|Hawk)\s/i.test(rest);
  const span =
    inQuotes ??
    (isLong
      ? { from: at, to: line.length }
      : simple === null
        ? undefined
        : { from: at, to: at + simple[0].length });
  if (span === undefined) return undefined;
  const scheme = SCHEME.exec(line.slice(span.from, span.to))?.[1] ?? "";
  return worthMasking(line, "authorization", { from: span.from + scheme.length, to: span.to });
}

/** Where name and value stand in the same quotes, as in `export 'KEY=two words'`; not for a query in quotes. */
function quotedWithName(line: string, start: number, at: number, separator: string): Span | undefined {
  const quote = line[start - 1] ?? "";
  if (!/["'`]/.test(quote) || separator.includes(quote)) return undefined;
  const to = line.indexOf(quote, at);
  return to === -1 || /[&;,?][\w.-]{1,64}=/.test(line.slice(at, to)) ? undefined : { from: at, to };
}

function quoted(line: string, at: number): Span | undefined {
  OPENING_QUOTE.lastIndex = at;
  const match = OPENING_QUOTE.exec(line);
  if (match === null) return undefined;
  const from = OPENING_QUOTE.lastIndex;
  const quote = match[1] ?? "";
  let to = line.indexOf(quote, from);
  // In a quoted text a backslash makes the next quote part of it; an escaped quote ends at the next such.
  while (quote.length === 1 && to > from && isEscaped(line, from, to)) to = line.indexOf(quote, to + 1);
  return { from, to: to === -1 ? line.length : to };
}

function isEscaped(line: string, from: number, at: number): boolean {
  let backslashes = 0;
  while (at - 1 - backslashes >= from && line[at - 1 - backslashes] === "\\") backslashes++;
  return backslashes % 2 === 1;
}

function spanOf(pattern: RegExp, line: string, at: number): Span | undefined {
  const text = textAt(pattern, line, at);
  return text === undefined ? undefined : { from: at, to: at + text.length };
}

function textAt(pattern: RegExp, line: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(line)?.[0];
}

/** Without the brackets and stops that belong to what is around it. */
function trimmed(line: string, span: Span | undefined): Span | undefined {
  if (span === undefined) return undefined;
  let { to } = span;
  while (to > span.from && ")}],;>".includes(line[to - 1] ?? "")) to--;
  return to === span.from ? undefined : { from: span.from, to };
}

function worthMasking(line: string, name: string, span: Span | undefined): Span | undefined {
  if (span === undefined || span.to === span.from) return undefined;
  const value = line.slice(span.from, Math.min(span.to, span.from + 200));
  if (HARMLESS_VALUE.test(value)) return undefined;
  return /^\d{1,9}$/.test(value) && !isPasswordName(name) ? undefined : span;
}

/** Types, constants, references, and what is masked already. */
const HARMLESS_VALUE =
  /^(?:\*+|[<[(]?redacted[>\])]?|true|false|yes|no|on|off|null|none|nil|undefined|string|str|text|number|int|integer|bool|boolean|bytes|object|any|unknown|never|void|required|optional|missing|empty|set|unset|\$[A-Z_][A-Z0-9_]*|\$\{[^}]*\}|\$\{\{.*|\$\(.*|\{\{.*|%[A-Z_]+%|<[\w -]+>|process\.env\b.*|os\.environ\b.*|os\.getenv\b.*|env\.[A-Z_]+)[;,?)}\]]*$/i;

function isProseAfterFlag(value: string): boolean {
  return /^(?:[A-Z][A-Z_]*|(?:to|is|or|and|for|from|in|options?|flags?|must|instead|with|arguments?|requires?|was|not|can|if|on|as|may|has|are)[.,:;]?)$/.test(
    value,
  );
}

/** Not a word of prose: long, or of some length with a digit in it. */
function looksRandom(value: string): boolean {
  return value.length >= 20 || (value.length >= 8 && /\d/.test(value));
}
