import { err, ok, type Result } from "./result.ts";
import { parseSource, type Source, type SyntaxProblem } from "./source.ts";

/** A Markdown file that begins with YAML between two lines of dashes. */
export interface Frontmatter {
  /** Undefined: the file has none, not even an empty one. Positions are those of the whole file. */
  readonly source: Source | undefined;
  /** What stands below it; the whole text where there is none. */
  readonly body: string;
}

const OPENING = /^\uFEFF?---[ \t]*(?:\r\n|\n)/;
const CLOSING = /^---[ \t]*(?:\r?\n|$)/m;

/** Takes such a file apart; an opening line without its closing one is a syntax problem, and told as such. */
export function parseFrontmatter(text: string): Result<Frontmatter, SyntaxProblem> {
  const opening = OPENING.exec(text)?.[0];
  if (opening === undefined) return ok({ source: undefined, body: text });
  const rest = text.slice(opening.length);
  const closing = CLOSING.exec(rest);
  if (closing === null) {
    return err({ line: 1, column: 1, message: "the frontmatter that begins here has no end" });
  }
  // A line in place of the dashes, so that lines are counted as in the file.
  const source = parseSource(`\n${rest.slice(0, closing.index)}`, "yaml");
  if (!source.ok) return source;
  return ok({ source: source.value, body: rest.slice(closing.index + closing[0].length) });
}
