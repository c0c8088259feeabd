/** Whether git would ignore the directory at this path below the file's own, without slashes at its ends. */
export type IgnoresDirectory = (path: string) => boolean | undefined;

/**
 * The patterns of a `.gitignore`, as far as they can be about directories (https://git-scm.com/docs/gitignore).
 *
 * @returns for a directory: true when it is ignored, false when `!` takes it back, undefined when nothing is said.
 */
export function parseGitignore(text: string): IgnoresDirectory {
  const rules = text.split(/\r?\n/).flatMap(parseRule);
  return (path) => rules.findLast(({ pattern }) => pattern.test(path))?.isIgnored;
}

const MAX_STARS = 12;

interface Rule {
  readonly pattern: RegExp;
  readonly isIgnored: boolean;
}

function parseRule(line: string): readonly Rule[] {
  const text = line.replace(/(?<!\\)[ \t]+$/, "");
  if (text === "" || text.startsWith("#")) return [];
  const isIgnored = !text.startsWith("!");
  const glob = (isIgnored ? text : text.slice(1)).replace(/\/+$/, "");
  // More stars than that no one writes, and each multiplies what a match may cost.
  if (glob === "" || glob.split("*").length > MAX_STARS) return [];
  // A slash anywhere but at the end ties a pattern to the directory of its file.
  const isAnchored = glob.includes("/");
  try {
    const pattern = new RegExp(`^${isAnchored ? "" : "(?:.*/)?"}${translate(glob.replace(/^\//, ""))}$`);
    return [{ pattern, isIgnored }];
  } catch {
    // Such as a range that ends before it begins: git matches nothing with it.
    return [];
  }
}

function translate(glob: string): string {
  const tokens = glob.match(/\*\*\/|\/\*\*$|\*+|\?|\[!?\]?[^\]]*\]|\\.|./gu) ?? [];
  return tokens.map(translateToken).join("");
}

function translateToken(token: string): string {
  if (token === "**/") return "(?:.*/)?";
  if (token === "/**") return "/.*";
  if (token.startsWith("*")) return "[^/]*";
  if (token === "?") return "[^/]";
  if (token.length > 2 && token.startsWith("[")) {
    const isNegated = token[1] === "!";
    const members = token.slice(isNegated ? 2 : 1, -1).replace(/[\\[\]^]/g, "\\$&");
    return `[${isNegated ? "^" : ""}${members}]`;
  }
  const character = token.startsWith("\\") && token.length === 2 ? token.slice(1) : token;
  return character.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
