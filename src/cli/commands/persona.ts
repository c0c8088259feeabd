import type { Command } from "../command.ts";
import { createCommand } from "../persona/create.ts";
import { exportCommand } from "../persona/export.ts";
import { importCommand } from "../persona/import.ts";

export const command: Command = {
  name: "persona",
  summary: "Create, import and export definitions of personas",
  examples: [
    ...createCommand.examples.slice(0, 1),
    ...importCommand.examples.slice(0, 1),
    ...exportCommand.examples,
  ],
  exitCodes: createCommand.exitCodes,
  json: "tta-persona/persona-create/1",
  subcommands: [createCommand, importCommand, exportCommand],
};
