import { formatDuration } from "../../core/duration.ts";
import { ExitCode } from "../../core/errors.ts";
import { chatmodeSuffix, placeText } from "../../persona/session-text.ts";
import { endSession } from "../../persona/switch-persona.ts";
import { openSession } from "../../projection/session-store.ts";
import { deliverAfterWork } from "../after-work.ts";
import type { Command } from "../command.ts";
import { switchContext } from "../context.ts";
import { readStanding } from "../persona-in-force.ts";
import { endProject } from "../project-scope.ts";
import { scopeOption, scopeTarget } from "../scope-option.ts";
import type { EndJson } from "../session-shapes.ts";
import { noPersona } from "../session-view.ts";

export const command: Command = {
  name: "end",
  summary: "End the session; no persona is active afterwards",
  description:
    "In a shell with a persona of its own this ends that, and the shell is back with the others. With --scope project " +
    "the project's `.tta-persona/persona` goes too.",
  options: [scopeOption],
  examples: [
    { command: "tta-persona end", doc: "at the end of the day" },
    { command: "tta-persona end --scope shell", doc: "of this terminal's own persona" },
  ],
  exitCodes: {
    1: "it could not be written down, such as on a full disk; nothing has changed",
    3: "no persona was active",
  },
  json: "tta-persona/end/1",
  async run(invocation, ctx) {
    const session = openSession(ctx.home);
    const target = scopeTarget(invocation, readStanding(ctx, session.state), ctx);
    const outcome =
      target.project === undefined
        ? endSession(switchContext(ctx), session, target.scope)
        : endProject(ctx, session, target.project);
    if (outcome === undefined) throw noPersona();
    const { persona, chatmode, durationMs } = outcome;
    const document: EndJson = {
      schema: "tta-persona/end/1",
      scope: target.scope,
      persona,
      chatmode,
      durationSeconds: durationMs / 1000,
    };
    const name = `${ctx.paint.bold(persona)}${chatmodeSuffix(chatmode)}`;
    ctx.output.done(
      document,
      `Ended ${name}${placeText(target.scope)} after ${formatDuration(durationMs)}\n`,
    );
    await deliverAfterWork(ctx);
    return ExitCode.done;
  },
};
