import { ExitCode } from "../../core/errors.ts";
import { currentText } from "../../persona/session-text.ts";
import type { Command } from "../command.ts";
import type { CurrentJson } from "../json-shapes.ts";
import { noPersona, readSession, sessionJson } from "../session-view.ts";

export const command: Command = {
  name: "current",
  summary: "Print the active persona's name",
  examples: [
    { command: "tta-persona current", doc: "the plain name, for scripts" },
    { command: "tta-persona current --json", doc: "with its chatmode and duration" },
  ],
  exitCodes: { 3: "no persona is active" },
  json: "tta-persona/current/1",
  run(_, ctx) {
    const { view, previous } = readSession(ctx);
    if (view === undefined) throw noPersona();
    const document: CurrentJson = { schema: "tta-persona/current/1", ...sessionJson(view), previous };
    ctx.output.answer(document, currentText(view));
    return ExitCode.done;
  },
};
