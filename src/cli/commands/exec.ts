import { steadyClock } from "../../core/clock.ts";
import { UserError } from "../../core/errors.ts";
import { createMasker } from "../../core/mask.ts";
import { isTerminal } from "../../core/output.ts";
import { secretValuesOf } from "../../core/secret-values.ts";
import { DEFAULT_CHATMODE } from "../../projection/session.ts";
import { runCommandAs } from "../../workflow/run-command.ts";
import { deliverAfterWork } from "../after-work.ts";
import { assertChatmode } from "../chatmode.ts";
import { type Command, optionText } from "../command.ts";
import { findPersona } from "../find-persona.ts";
import { deliverWhileRunning, recorderFor } from "../long-work.ts";
import { stagePersona } from "../persona-for-stage.ts";
import { quote } from "../printable.ts";
import { noPersona, readSession } from "../session-view.ts";
import { cancelOnSignals } from "../signals.ts";

/** How long a command may take to end after a signal. */
const GRACE_MS = 10_000;

export const command: Command = {
  name: "exec",
  summary: "Run one command under a persona, measured as a session and a span of its own",
  description:
    "The command's input, output and exit code are its own; signals reach it once. It finds TRACEPARENT and " +
    "TTA_PERSONA in its environment; variables that the persona's security.blockList names are taken out of it. " +
    "The active persona stays as it is.",
  arguments: [{ name: "command", doc: "behind --, with its arguments", variadic: true }],
  options: [
    { flags: "--persona <persona>", doc: "the active one by default", complete: "personas" },
    { flags: "--chatmode <name>", doc: `the mode it works in (default: ${DEFAULT_CHATMODE})` },
  ],
  examples: [
    { command: "tta-persona exec -- npm test", doc: "under the active persona" },
    { command: "tta-persona exec --persona testing -- pytest -x", doc: "under another one" },
  ],
  exitCodes: {
    3: "no --persona was given, and no persona is active",
    126: "the command may not be run",
    127: "there is no such command",
    "128+n": "the command was ended by signal n; any other code is the command's own",
  },
  async run(invocation, ctx) {
    const words = invocation.args.filter((word) => word !== undefined);
    const wanted = optionText(invocation, "persona") ?? readSession(ctx).view?.persona;
    if (wanted === undefined) throw noPersona();
    if (ctx.flags.json) {
      throw new UserError({
        reason: "no-json",
        message: "exec has no --json: standard output is the command's.",
        hint: "Put --json behind -- where it is meant for the command.",
      });
    }
    const persona = stagePersona(findPersona(wanted, ctx));
    const chatmode = optionText(invocation, "chatmode") ?? DEFAULT_CHATMODE;
    assertChatmode(chatmode);
    const cwd = ctx.cwd();
    const masker = createMasker({ secretValues: secretValuesOf(ctx.env) });
    deliverWhileRunning(ctx);
    const result = await runCommandAs(persona, chatmode, words, {
      env: ctx.env,
      clock: steadyClock(ctx.clock),
      recorder: recorderFor(ctx),
      masker,
      cancellation: cancelOnSignals(),
      graceMs: GRACE_MS,
      cwd,
      isTerminal: isTerminal(0),
    });
    if (result.pid === undefined) {
      const why =
        result.exitCode === 127 ? "there is no such command" : `it cannot be run (${result.errorType})`;
      ctx.output.complain([`tta-persona: ${quote(masker.text(words[0] ?? ""))}: ${why}`]);
    }
    await deliverAfterWork(ctx);
    return result.exitCode;
  },
};
