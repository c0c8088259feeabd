import { formatDuration } from "../../core/duration.ts";
import { ExitCode } from "../../core/errors.ts";
import { chatmodeSuffix } from "../../persona/session-text.ts";
import { endSession } from "../../persona/switch-persona.ts";
import { openSession } from "../../projection/session-store.ts";
import { deliverAfterWork } from "../after-work.ts";
import type { Command } from "../command.ts";
import { switchContext } from "../context.ts";
import type { EndJson } from "../json-shapes.ts";
import { noPersona } from "../session-view.ts";

export const command: Command = {
  name: "end",
  summary: "End the session; no persona is active afterwards",
  examples: [{ command: "tta-persona end", doc: "at the end of the day" }],
  exitCodes: {
    1: "it could not be written down, such as on a full disk; nothing has changed",
    3: "no persona was active",
  },
  json: "tta-persona/end/1",
  async run(_, ctx) {
    const outcome = endSession(switchContext(ctx), openSession(ctx.home));
    if (outcome === undefined) throw noPersona();
    const { persona, chatmode, durationMs } = outcome;
    const document: EndJson = {
      schema: "tta-persona/end/1",
      persona,
      chatmode,
      durationSeconds: durationMs / 1000,
    };
    const name = `${ctx.paint.bold(persona)}${chatmodeSuffix(chatmode)}`;
    ctx.output.done(document, `Ended ${name} after ${formatDuration(durationMs)}\n`);
    await deliverAfterWork(ctx);
    return ExitCode.done;
  },
};
