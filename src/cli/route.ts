import { isCommandName } from "./command-table.ts";

/** Options that every command has, before or after its name. */
export interface GlobalFlags {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly color: boolean;
}

export const globalOptions = [
  { flags: "--json", doc: "print exactly one JSON document on stdout, errors included" },
  { flags: "--quiet", doc: "print neither confirmations nor notes; answers and errors only" },
  { flags: "--no-color", doc: "no colours" },
  { flags: "-h, --help", doc: "help for a command" },
] as const;

export interface Route {
  readonly flags: GlobalFlags;
  /** The command's name; `root` for options without a command, such as `--version`. */
  readonly command: string;
  /** What follows the command, for its parser. */
  readonly args: readonly string[];
  /** In the bare form, the word that should be a persona. */
  readonly bareWord?: string;
}

export const ROOT = "root";

/** Finds flags and command in what was typed; the rest is the command's to parse. */
export function route(argv: readonly string[]): Route {
  const end = argv.indexOf("--");
  const beforeDashes = end === -1 ? argv : argv.slice(0, end);
  const given = (flag: string) => beforeDashes.includes(flag);
  const flags = { json: given("--json"), quiet: given("--quiet"), color: !given("--no-color") };
  const isFlag = (word: string) => word === "--json" || word === "--quiet" || word === "--no-color";
  const words = [...beforeDashes.filter((word) => !isFlag(word)), ...argv.slice(beforeDashes.length)];

  const [first, ...rest] = words;
  if (first === "--" && rest.length > 0) return { flags, ...routeWord(rest, ["--"]) };
  if (first === undefined || first === "--") return { flags, command: "status", args: [] };
  if (first === "help") return { flags, ...routeHelp(rest) };
  if (first.startsWith("-") && first !== "-") return { flags, command: ROOT, args: words };
  return { flags, ...routeWord(words, []) };
}

/** @param dashes `--` where one stood before the words, to be put before what is an argument. */
function routeWord(
  [first = "", ...rest]: readonly string[],
  dashes: readonly string[],
): Omit<Route, "flags"> {
  if (isCommandName(first)) return { command: first, args: [...dashes, ...rest] };
  return { command: "switch", args: [...dashes, first, ...rest], bareWord: first };
}

/** `help switch` is `switch --help`. */
function routeHelp(rest: readonly string[]): Omit<Route, "flags"> {
  const words = rest.filter((word) => !word.startsWith("-"));
  const [first, ...subcommands] = words;
  if (first === undefined || first === "help") return { command: ROOT, args: ["--help"] };
  if (isCommandName(first)) return { command: first, args: [...subcommands, "--help"] };
  return { command: "switch", args: ["--help"], bareWord: first };
}
