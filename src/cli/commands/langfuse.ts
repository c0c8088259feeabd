import type { Command } from "../command.ts";
import { exportCommand } from "../langfuse-export.ts";

export const command: Command = {
  name: "langfuse",
  summary: "Read from Langfuse what calls came to",
  examples: [{ command: "tta-persona langfuse export", doc: "cost, tokens and latency of the last day" }],
  exitCodes: exportCommand.exitCodes,
  json: "tta-persona/langfuse-export/1",
  subcommands: [exportCommand],
};
