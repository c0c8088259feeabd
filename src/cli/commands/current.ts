import { ExitCode } from "../../core/errors.ts";
import { currentText } from "../../persona/session-text.ts";
import type { Command } from "../command.ts";
import { explain, explanationText } from "../explanation.ts";
import { personaInForce, previousOf, readStanding } from "../persona-in-force.ts";
import type { CurrentJson } from "../session-shapes.ts";
import { noPersona, sessionJson } from "../session-view.ts";

export const command: Command = {
  name: "current",
  summary: "Print the active persona's name",
  description:
    "The persona in force is that of TTA_PERSONA, else of this shell, else of the project, if its " +
    "`.tta-persona/persona` is trusted, else the global one; a command's own `--persona` goes before all of them.",
  options: [{ flags: "--explain", doc: "say what decided, and why the others did not" }],
  examples: [
    { command: "tta-persona current", doc: "the plain name, for scripts" },
    { command: "tta-persona current --json", doc: "with its chatmode and duration" },
    { command: "tta-persona current --explain", doc: "why it is this one here" },
  ],
  exitCodes: { 3: "no persona is active" },
  json: "tta-persona/current/1",
  async run(invocation, ctx) {
    const standing = readStanding(ctx);
    // Asked first, so that what is broken is told with everything else.
    const explanation = invocation.options.explain === true ? await explain(standing, ctx) : undefined;
    if (explanation !== undefined && !ctx.flags.json) ctx.output.raw(explanationText(explanation, ctx));
    const inForce = await personaInForce(ctx, standing);
    if (inForce === undefined) throw noPersona();
    const document: CurrentJson = {
      schema: "tta-persona/current/1",
      ...sessionJson(inForce),
      previous: previousOf(standing),
      ...(explanation === undefined ? {} : { explanation: [...explanation] }),
    };
    ctx.output.answer(document, explanation === undefined ? currentText(inForce) : "");
    return ExitCode.done;
  },
};
