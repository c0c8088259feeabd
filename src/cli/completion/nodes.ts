import type { ArgumentSpec, Command } from "../command.ts";
import { globalOptions } from "../route.ts";

/** A place in a command line where words may follow: the program itself, a command, a subcommand. */
export interface CompletionNode {
  /** `` for the program, `config set` for a subcommand. */
  readonly path: string;
  readonly commands: readonly Offer[];
  readonly options: readonly Offer[];
  /** Those of the options that take a value, and what is offered for it, as for arguments: `--persona=@personas`. */
  readonly valued: readonly string[];
  /** By position: `@personas`, `@workflows` and so on for live names, words separated by commas, or `-` for nothing. */
  readonly arguments: readonly string[];
  /** Live names, of what the first argument is, that are options too; `` for none. */
  readonly depending: string;
}

export interface Offer {
  readonly word: string;
  readonly doc: string;
}

/** What completion scripts are made of. The program's own node comes first. */
export function completionNodes(commands: readonly Command[]): readonly CompletionNode[] {
  const root: CompletionNode = {
    path: "",
    commands: [...offers(commands), { word: "help", doc: "Help for a command" }],
    options: [...sharedOptions, { word: "--version", doc: "print the version" }],
    valued: [],
    // The bare form.
    arguments: ["@personas"],
    depending: "",
  };
  const help = { path: "help", commands: [], options: [], valued: [], depending: "" };
  const visible = commands.filter(({ hidden }) => hidden !== true);
  return [
    root,
    { ...help, arguments: [visible.map(({ name }) => name).join(",")] },
    ...visible.flatMap((command) => nodesOf(command, "")),
  ];
}

function nodesOf(command: Command, parent: string): readonly CompletionNode[] {
  const path = `${parent} ${command.name}`.trimStart();
  const options = (command.options ?? []).map((option) => ({
    ...parseFlags(option.flags),
    doc: option.doc,
    offer: offerOf(option),
  }));
  const subcommands = command.subcommands ?? [];
  return [
    {
      path,
      commands: offers(subcommands),
      options: [...options, ...sharedOptions].map(({ word, doc }) => ({ word, doc })),
      valued: options.flatMap(({ word, takesValue, offer }) => (takesValue ? [`${word}=${offer}`] : [])),
      arguments: (command.arguments ?? []).map(offerOf),
      depending: command.completeOptions ?? "",
    },
    ...subcommands.flatMap((sub) => nodesOf(sub, path)),
  ];
}

function offers(commands: readonly Command[]): readonly Offer[] {
  return commands
    .filter(({ hidden }) => hidden !== true)
    .map(({ name, summary }) => ({ word: name, doc: summary }));
}

function offerOf({ complete }: Pick<ArgumentSpec, "complete">): string {
  if (complete === undefined) return "-";
  return typeof complete === "string" ? `@${complete}` : complete.join(",");
}

function parseFlags(flags: string): { readonly word: string; readonly takesValue: boolean } {
  const word = /--[a-z-]+/.exec(flags)?.[0] ?? flags;
  return { word, takesValue: flags.includes("<") };
}

const sharedOptions: readonly Offer[] = globalOptions.map(({ flags, doc }) => ({
  word: parseFlags(flags).word,
  doc,
}));
