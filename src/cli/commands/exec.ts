import { steadyClock } from "../../core/clock.ts";
import { UserError } from "../../core/errors.ts";
import { createMasker } from "../../core/mask.ts";
import { isTerminal } from "../../core/output.ts";
import { DEFAULT_CHATMODE } from "../../projection/session.ts";
import { runCommandAs } from "../../workflow/run-command.ts";
import { assertChatmode } from "../chatmode.ts";
import { type Command, type Invocation, optionText } from "../command.ts";
import type { CliContext } from "../context.ts";
import { findPersona } from "../find-persona.ts";
import { deliverAfterRecording, deliverWhileRunning, recorderFor } from "../long-work.ts";
import { maskingOf } from "../masking.ts";
import { personaInForce } from "../persona-in-force.ts";
import { stagePersona } from "../persona-for-stage.ts";
import { quote } from "../printable.ts";
import { noPersona } from "../session-view.ts";
import { cancelOnSignals, exitCodeOfSignal } from "../signals.ts";

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
    "128+n":
      "the command was ended by signal n, or ended well after it was told to; any other code is its own",
  },
  async specialize(args) {
    const dashes = args.indexOf("--");
    const words = dashes === -1 ? [] : args.slice(dashes + 1);
    return { ...command, run: (invocation, ctx) => exec(words, invocation, ctx) };
  },
};

/** @param words what stands behind `--`. */
async function exec(words: readonly string[], invocation: Invocation, ctx: CliContext): Promise<number> {
  if (words.length !== invocation.args.length) {
    // Otherwise an option of the command might be taken for one of ours.
    throw new UserError({
      reason: "no-dashes",
      message: "The command has to stand behind --.",
      hint: "For example: tta-persona exec -- npm test",
    });
  }
  const wanted = optionText(invocation, "persona") ?? (await personaInForce(ctx))?.persona;
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
  const sharesTerminal = isTerminal(0);
  const cancellation = cancelOnSignals({ sharesTerminal });
  const recorder = recorderFor(ctx);
  const masker = createMasker(maskingOf(ctx));
  deliverWhileRunning(ctx);
  const result = await runCommandAs(persona, chatmode, words, {
    env: ctx.env,
    clock: steadyClock(ctx.clock),
    recorder,
    masker,
    cancellation,
    graceMs: GRACE_MS,
    cwd,
    isTerminal: sharesTerminal,
  });
  if (result.pid === undefined) {
    const why =
      result.exitCode === 127 ? "there is no such command" : `it cannot be run (${result.errorType})`;
    ctx.output.complain([`tta-persona: ${quote(masker.text(words[0] ?? ""))}: ${why}`]);
  }
  await deliverAfterRecording(recorder, ctx);
  const signal = cancellation.requested();
  // What ended since it was told to has not done its work, even if it says so.
  return result.cancelled && result.exitCode === 0 && signal !== undefined
    ? exitCodeOfSignal(signal)
    : result.exitCode;
}
