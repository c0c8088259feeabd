/** What a shell that has a persona of its own runs when it exits. */
export const EXIT_COMMAND = "tta-persona end --scope shell";

/** One word of bash or zsh, whatever it holds. */
export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
