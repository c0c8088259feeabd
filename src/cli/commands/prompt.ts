import { ExitCode } from "../../core/errors.ts";
import { currentText } from "../../persona/session-text.ts";
import type { Command } from "../command.ts";
import type { CliContext } from "../context.ts";
import type { PromptJson } from "../json-shapes.ts";
import { promptCommands } from "../prompt-commands.ts";
import { readSession, type ScopeSession } from "../session-view.ts";

export const command: Command = {
  name: "prompt",
  summary: "Print the active persona's name for a shell prompt, or nothing; manage Langfuse's prompts",
  description:
    "By itself it never fails and never complains, whatever state the home is in: `current` and `doctor` tell what is " +
    "wrong. Its subcommands are about the prompts that a Langfuse project has.",
  examples: [{ command: "PS1='$(tta-persona prompt) $ '", doc: "in bash" }],
  exitCodes: { 0: "always, without a subcommand" },
  json: "tta-persona/prompt/1",
  settingsProblems: "ignored",
  subcommands: promptCommands,
  run(_, ctx) {
    const view = tryView(ctx);
    const document: PromptJson = { schema: "tta-persona/prompt/1", persona: view?.persona ?? null };
    ctx.output.answer(document, view === undefined ? "" : currentText(view));
    return ExitCode.done;
  },
};

function tryView(ctx: CliContext): ScopeSession["view"] {
  try {
    return readSession(ctx).view;
  } catch {
    return undefined;
  }
}
