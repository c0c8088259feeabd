import { commandNames } from "../core/command-names.ts";

export type HotForm =
  | { readonly command: "current" | "prompt" }
  /** A name as it was typed, or `-` for the previous persona. */
  | { readonly command: "switch"; readonly persona: string };

/** The exact argument lists that need no parser. Everything else, every option included, is commander's. */
export function parseHotForm(argv: readonly string[]): HotForm | undefined {
  const [first, second] = argv;
  if (first === undefined || argv.length > 2) return undefined;
  if (argv.length === 2) {
    const isName = second !== undefined && (second === "-" || /^[A-Za-z]/.test(second));
    return first === "switch" && isName ? { command: "switch", persona: second } : undefined;
  }
  if (first === "current" || first === "prompt") return { command: first };
  if (first === "-") return undefined;
  return /^[A-Za-z]/.test(first) && !commandNames.includes(first)
    ? { command: "switch", persona: first }
    : undefined;
}
