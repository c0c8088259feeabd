/** One part of a glob between two slashes, taken apart; a plain name has `one` tokens only. */
export type Token =
  | { readonly kind: "one"; readonly text: string }
  | { readonly kind: "any" }
  | { readonly kind: "star" }
  /** `text`: what stands between the brackets. */
  | { readonly kind: "set"; readonly text: string; readonly negated: boolean };

/** A plain name, nothing in it being special. */
export function nameTokens(name: string): readonly Token[] {
  return [...name].map((text) => ({ kind: "one", text }));
}

/** `*`, `?`, `[a-z]`, `[!a]` and extended forms such as `@(a|b)`, which count as a star. */
export function globTokens(segment: string): readonly Token[] {
  const characters = [...segment];
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length; at++) {
    const text = characters[at] ?? "";
    const end = /[@!+?*]/.test(text) && characters[at + 1] === "(" ? characters.indexOf(")", at) : -1;
    if (end !== -1) {
      tokens.push({ kind: "star" }, { kind: "star" });
      at = end;
    } else if (text === "*") tokens.push({ kind: "star" });
    else if (text === "?") tokens.push({ kind: "any" });
    else if (text === "[" && characters.indexOf("]", at + 2) !== -1) {
      const close = characters.indexOf("]", at + 2);
      const inside = characters.slice(at + 1, close).join("");
      const negated = inside.startsWith("!") || inside.startsWith("^");
      tokens.push({ kind: "set", text: negated ? inside.slice(1) : inside, negated });
      at = close;
    } else tokens.push({ kind: "one", text });
  }
  return tokens;
}

/** A name without any wildcard. */
export function isPlain(tokens: readonly Token[]): boolean {
  return tokens.every(({ kind }) => kind === "one");
}

/** Whether some name fits both. Of two sets of characters this is not worked out, and taken for granted. */
export function overlaps(a: readonly Token[], b: readonly Token[]): boolean {
  return common(a, b) !== 0;
}

/**
 * Whether some name fits both in which a character that one spells out stands where the other spells it out, too.
 * `*nv` and `.env*` have such names; `*.ts` and `.env*` have a name in common, and nothing of its spelling.
 */
export function sharesLetters(a: readonly Token[], b: readonly Token[]): boolean {
  return (common(a, b) & SPELT) !== 0;
}

/** What the names that fit both are like, as bits: some without a letter that both spell out, some with one. */
const UNSPELT = 1;
const SPELT = 2;

function common(a: readonly Token[], b: readonly Token[]): number {
  // Backwards, row by row: `row[j]` is about a[i…] and b[j…].
  let row: number[] = [];
  for (let i = a.length; i >= 0; i--) {
    const below = row;
    row = [];
    for (let j = b.length; j >= 0; j--) {
      const first = a[i];
      const second = b[j];
      if (first === undefined && second === undefined) row[j] = UNSPELT;
      else if (first?.kind === "star" || second?.kind === "star")
        row[j] = (below[j] ?? 0) | (row[j + 1] ?? 0);
      else if (first === undefined || second === undefined || !meet(first, second)) row[j] = 0;
      else {
        const rest = below[j + 1] ?? 0;
        const isSpelt = first.kind !== "any" && second.kind !== "any";
        row[j] = isSpelt && rest !== 0 ? SPELT : rest;
      }
    }
  }
  return row[0] ?? 0;
}

function meet(a: Token, b: Token): boolean {
  if (a.kind === "one" && b.kind === "one") return a.text === b.text;
  if (a.kind === "one" && b.kind === "set") return isIn(a.text, b);
  if (a.kind === "set" && b.kind === "one") return isIn(b.text, a);
  return true;
}

function isIn(character: string, set: Token & { readonly kind: "set" }): boolean {
  // A class such as [:alpha:] is not worked out.
  const found =
    set.text.includes("[:") ||
    [...set.text].some((one, at, all) => {
      if (all[at + 1] === "-" && all[at + 2] !== undefined) {
        return character >= one && character <= (all[at + 2] ?? "");
      }
      return one === character;
    });
  return set.text.includes("[:") || found !== set.negated;
}
