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
import { type McpConfig, writeMcpConfig } from "../mcp-config.ts";
import { stagePersona } from "../persona-for-stage.ts";
import { personaInForce } from "../persona-in-force.ts";
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
    "The active persona stays as it is.\n\nWith --mcp-config the command gets an MCP configuration of that persona, so that " +
    "agents run side by side as different personas: the client's own file, with another persona for its Hypertool server, " +
    "in a temporary file that is removed at the end. claude and copilot get it by their flag; for others {mcp-config} in " +
    "the arguments stands for its path, which is in TTA_MCP_CONFIG too.",
  arguments: [{ name: "command", doc: "behind --, with its arguments", variadic: true }],
  options: [
    { flags: "--persona <persona>", doc: "the active one by default", complete: "personas" },
    { flags: "--chatmode <name>", doc: `the mode it works in (default: ${DEFAULT_CHATMODE})` },
    {
      flags: "--mcp-config [file]",
      doc: "with an MCP configuration of the persona (from: .mcp.json here or above, else ~/.config/mcp/mcp_settings.json)",
    },
  ],
  examples: [
    {
      command: "tta-persona exec --persona testing --mcp-config -- claude",
      doc: "an agent as that persona, beside others",
    },
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
  // Once signals end the command and no longer us: whatever happens then, the file goes.
  const mcp = mcpConfigOf(invocation, persona.name, words, ctx);
  const recorder = recorderFor(ctx);
  const masker = createMasker(maskingOf(ctx));
  deliverWhileRunning(ctx);
  const result = await runCommandAs(persona, chatmode, mcp?.words ?? words, {
    env: ctx.env,
    clock: steadyClock(ctx.clock),
    recorder,
    masker,
    cancellation,
    graceMs: GRACE_MS,
    cwd,
    isTerminal: sharesTerminal,
    ...(mcp === undefined ? {} : { extra: { TTA_MCP_CONFIG: mcp.file } }),
  }).finally(() => mcp?.remove());
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

function mcpConfigOf(
  invocation: Invocation,
  persona: string,
  words: readonly string[],
  ctx: CliContext,
): McpConfig | undefined {
  const asked = invocation.options.mcpConfig;
  if (asked === undefined) return undefined;
  const mcp = writeMcpConfig(optionText(invocation, "mcpConfig"), persona, words, ctx);
  if (!mcp.isTold) {
    ctx.output.note(
      "The MCP configuration is in TTA_MCP_CONFIG; where the command takes it by flag, put {mcp-config} there.",
    );
  }
  return mcp;
}
