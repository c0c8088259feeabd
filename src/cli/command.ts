import type { CliContext } from "./context.ts";

/**
 * One command as data, and what it does. Parsing, help, completion and docs/commands.md come from the data. Each
 * stands in `commands/<name>.ts` as `export const command`, and is loaded when it is needed.
 */
export interface Command {
  readonly name: string;
  /** One line without a full stop. */
  readonly summary: string;
  /** Paragraphs for help and documents, after the summary. */
  readonly description?: string;
  /** What stands behind its name in help, in place of what follows from its arguments and options. */
  readonly usage?: string;
  readonly arguments?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  readonly examples: readonly ExampleSpec[];
  /** What its exit codes mean, besides 70 and the wrong usage that gives 2 everywhere. */
  readonly exitCodes: Readonly<Record<string, string>>;
  /** The `schema` of the document that `--json` prints; its shape is in `json-shapes.ts`. */
  readonly json?: string;
  /** Left out of help, completion and documents. */
  readonly hidden?: boolean;
  /** What becomes of settings that are no good: one line each on stderr, unless said otherwise here. */
  readonly settingsProblems?: "presented by the command" | "ignored";
  readonly subcommands?: readonly Command[];
  /** More of its options for a shell to offer: the live names of a kind, of what its first argument is. */
  readonly completeOptions?: CompletionKind;
  /** Completes the command by what follows its name, such as options that depend on it; called before parsing. */
  readonly specialize?: (args: readonly string[], ctx: CliContext) => Promise<Command>;
  /** Absent where only a subcommand does something. @returns the exit code. */
  readonly run?: (invocation: Invocation, ctx: CliContext) => number | Promise<number>;
}

export interface ArgumentSpec {
  readonly name: string;
  readonly doc: string;
  readonly optional?: boolean;
  /** Takes all words that are left, also none when it is optional. It has to be the last one. */
  readonly variadic?: boolean;
  /** What a shell offers: the live names of a kind, or these words. */
  readonly complete?: CompletionKind | readonly string[];
}

/** What `__complete` knows how to list. */
export type CompletionKind =
  | "personas"
  | "chatmodes"
  | "workflows"
  | "config-keys"
  | "prompts"
  | "datasets"
  | "parameters";

export interface OptionSpec {
  /** As commander reads them: `--dry-run`, `--limit <n>`. */
  readonly flags: string;
  readonly doc: string;
  /** May be given more than once; all values are kept, for `optionList`. */
  readonly repeatable?: boolean;
  readonly complete?: CompletionKind | readonly string[];
}

export interface ExampleSpec {
  readonly command: string;
  readonly doc: string;
}

/** What a user typed, taken apart. */
export interface Invocation {
  /** In the order of the command's `arguments`; an optional one that was left out is undefined. A variadic one is spread. */
  readonly args: readonly (string | undefined)[];
  /** By camel-case name. */
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
}

/** The value of an option that takes one. */
export function optionText(invocation: Invocation, name: string): string | undefined {
  const value = invocation.options[name];
  return typeof value === "string" ? value : undefined;
}

/** The values of an option that takes several, `--metadata <pairs...>`. */
export function optionList(invocation: Invocation, name: string): readonly string[] {
  const value = invocation.options[name];
  return Array.isArray(value) ? value : [];
}
