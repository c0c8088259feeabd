import { commandNames } from "../core/command-names.ts";
import type { Command } from "./command.ts";

/** The command that completion scripts call for live names. */
export const COMPLETE_COMMAND = "__complete";

/** `help` is the parser's; every other name has its file. */
const names = commandNames.filter((name) => name !== "help");

export function isCommandName(word: string): boolean {
  return commandNames.includes(word) || word === COMPLETE_COMMAND;
}

/** Loads one command. The bundler makes a chunk of each file in `commands/`. */
export async function loadCommand(name: string): Promise<Command | undefined> {
  if (!isCommandName(name) || name === "help") return undefined;
  const file = name === COMPLETE_COMMAND ? "complete" : name;
  const module = (await import(`./commands/${file}.ts`)) as { readonly command: Command };
  return module.command;
}

/** All commands, in the order that help shows them. */
export async function loadCommands(): Promise<readonly Command[]> {
  const loaded = await Promise.all(names.map(loadCommand));
  return loaded.filter((command) => command !== undefined);
}
