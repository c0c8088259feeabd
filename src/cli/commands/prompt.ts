import { ExitCode } from "../../core/errors.ts";
import { currentText } from "../../persona/session-text.ts";
import type { Command } from "../command.ts";
import { tryPersonaInForce } from "../persona-in-force.ts";
import { promptCommands } from "../prompt-commands.ts";
import type { PromptJson } from "../session-shapes.ts";

export const command: Command = {
  name: "prompt",
  summary: "Print the active persona's name for a shell prompt, or nothing; manage Langfuse's prompts",
  description:
    "By itself it never fails and never complains, whatever state the home is in: `current` and `doctor` tell what is " +
    "wrong. `shell-init` gives a shell a prompt that starts no process at all. Its subcommands are about the prompts that a Langfuse project has.",
  examples: [{ command: "PS1='$(tta-persona prompt) $ '", doc: "in bash" }],
  exitCodes: { 0: "always, without a subcommand" },
  json: "tta-persona/prompt/1",
  settingsProblems: "ignored",
  subcommands: promptCommands,
  async run(_, ctx) {
    const inForce = await tryPersonaInForce(ctx);
    const document: PromptJson = { schema: "tta-persona/prompt/1", persona: inForce?.persona ?? null };
    ctx.output.answer(document, inForce === undefined ? "" : currentText(inForce));
    return ExitCode.done;
  },
};
