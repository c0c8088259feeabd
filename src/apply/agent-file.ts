/** Stands in the head of what we write, so that a file of the user's own is told apart and left alone. */
const MARK = "# Written by tta-persona; a file without this line is left alone.";

/** Puts the mark into the head of an agent's file, as a comment of YAML. */
export function withMark(text: string): string {
  return text.replace(/^---\n/, `---\n${MARK}\n`);
}

export function isOurs(text: string): boolean {
  return text.split("\n", 2)[1]?.trimEnd() === MARK;
}
