import { commandNames } from "../core/command-names.ts";
import type { Command } from "./command.ts";
import { commandGroups } from "./command-groups.ts";

/** The command that completion scripts call for live names. */
export const COMPLETE_COMMAND = "__complete";

export function isCommandName(word: string): boolean {
  return commandNames.includes(word) || word === COMPLETE_COMMAND;
}

/** Loads one command. `help` is the parser's; the bundler makes a chunk of every other one's file in `commands/`. */
export async function loadCommand(name: string): Promise<Command | undefined> {
  if (!isCommandName(name) || name === "help") return undefined;
  const file = name === COMPLETE_COMMAND ? "complete" : name;
  const module = (await import(`./commands/${file}.ts`)) as { readonly command: Command };
  return module.command;
}

/** All commands, in the order that help shows them. */
export async function loadCommands(): Promise<readonly Command[]> {
  const loaded = await Promise.all(commandGroups.flatMap(({ names }) => names).map(loadCommand));
  return loaded.filter((command) => command !== undefined);
}
