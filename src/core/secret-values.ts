import type { Environment } from "./environment.ts";
import { isSecretName } from "./secret-names.ts";

/** Shorter ones stand in too much text that has nothing to do with them. */
const SHORTEST = 6;

/**
 * The values that must not be seen anywhere: those of variables with secret names, and passwords in URLs of any
 * variable (`HTTP_PROXY`, `DATABASE_URL`). Trivial ones (`true`, a number, `password`) are left out, since half
 * of a log would go with them.
 */
export function secretValuesOf(env: Environment): readonly string[] {
  const values = new Set<string>();
  for (const [name, value = ""] of Object.entries(env)) {
    if (isSecretName(name) && isWorthMasking(value)) values.add(value.trim());
    const password = passwordOfUrl(value);
    if (password !== undefined && isWorthMasking(password)) values.add(password);
  }
  return [...values];
}

/**
 * A pattern that finds the values in every form in which tools print them: as they are, line by line, quoted for
 * JSON or a shell, URL-encoded, in base64 alone or within something longer. Undefined when there are none.
 */
export function patternOfValues(values: readonly string[]): RegExp | undefined {
  const forms = new Set<string>();
  for (const value of values) {
    for (const text of [value, ...value.split(/\r?\n/).map((line) => line.trim())]) {
      if (isWorthMasking(text)) for (const form of formsOf(text)) forms.add(form);
    }
  }
  if (forms.size === 0) return undefined;
  // Of two that begin at the same place the longer one counts.
  const sources = [...forms].sort((a, b) => b.length - a.length).map(literal);
  return new RegExp(sources.join("|"), "g");
}

function isWorthMasking(value: string): boolean {
  const text = value.trim();
  return text.length >= SHORTEST && !TRIVIAL.test(text);
}

const TRIVIAL =
  /^(?:-?\d{1,9}(?:\.\d*)?|(.)\1*|\*+|undefined|default|enabled|disabled|optional|required|password|passwd|secret|secrets|changeme|example|github|gitlab|bearer|localhost|inherit|string)$/is;

function* formsOf(value: string): Generator<string> {
  yield value;
  const bytes = Buffer.from(value);
  // By way of its bytes, since half a surrogate pair cannot be encoded.
  const inUrl = encodeURIComponent(bytes.toString());
  yield inUrl;
  yield inUrl.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  yield inUrl.replaceAll("%20", "+");
  yield JSON.stringify(value).slice(1, -1);
  yield value.replaceAll("'", "'\\''");
  for (const encoding of ["base64", "base64url"] as const) {
    yield bytes.toString(encoding);
    if (bytes.length < 8) continue;
    // Within something longer, such as `user:password`, it begins at any of three places of a group.
    for (const offset of [0, 1, 2]) {
      const shifted = Buffer.concat([Buffer.alloc(offset), bytes]);
      const whole = Math.floor((shifted.length * 8) / 6);
      yield shifted.toString(encoding).slice(offset === 0 ? 0 : offset + 1, whole);
    }
  }
}

function passwordOfUrl(value: string): string | undefined {
  const password = /:\/\/[^\s:@/]{0,256}:([^\s/]{1,512})@/.exec(value)?.[1];
  if (password === undefined) return undefined;
  try {
    return decodeURIComponent(password);
  } catch {
    return password;
  }
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
