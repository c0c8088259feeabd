import { formatDuration, LONGEST_TIMER_MS, parseDuration } from "../../core/duration.ts";
import { ExitCode, UserError } from "../../core/errors.ts";
import {
  type DeliveryReport,
  describeDroppedNow,
  describeUpkeep,
  type SinkReport,
} from "../../delivery/report.ts";
import { type Command, optionText } from "../command.ts";
import type { CliContext } from "../context.ts";
import { deliveryContext } from "../delivery-context.ts";
import type { FlushJson } from "../json-shapes.ts";
import { optionMoment } from "../option-values.ts";

/** Whoever asks for it by name can wait longer than a command that delivers on the side. */
const DEFAULT_TIMEOUT = "10s";

export const command: Command = {
  name: "flush",
  summary: "Deliver everything that is not delivered yet",
  description:
    "Brings all facts to every sink that is configured, whatever the delivery mode, and tells how far it got. " +
    "What could not be delivered is kept. In CI, run it at the start of a job (so that counters begin at 0) and at its end.",
  options: [
    {
      flags: "--since <when>",
      doc: "send what happened from then on once more, with the same ids: 7d, 2026-11-24 or 2026-11-24T08:00:00Z",
    },
    { flags: "--strict", doc: "exit 1 when something could not be delivered" },
    { flags: "--timeout <duration>", doc: `deadline for all sinks together (default: ${DEFAULT_TIMEOUT})` },
  ],
  examples: [
    { command: "tta-persona flush", doc: "deliver what waits" },
    {
      command: "tta-persona flush --since 7d --timeout 2m",
      doc: "fill a new OTLP backend or Langfuse with the last week, as far as it is kept",
    },
    { command: "tta-persona flush --strict --timeout 30s", doc: "the last step of a CI job" },
  ],
  exitCodes: { 1: "with --strict: not all delivered, or a setting is no good" },
  json: "tta-persona/flush/1",
  async run(invocation, ctx) {
    const timeout = optionText(invocation, "timeout") ?? DEFAULT_TIMEOUT;
    const deadlineMs = parseDuration(timeout);
    if (deadlineMs === undefined || deadlineMs === 0) {
      throw new UserError({
        reason: "invalid-duration",
        message: `--timeout cannot be "${timeout}".`,
        hint: "It takes a duration such as 2s or 1m.",
      });
    }
    const sinceMs = optionMoment(invocation, "since", ctx.clock.now());
    const { deliverNow } = await import("../../delivery/deliver-now.ts");
    const report = await deliverNow(deliveryContext(ctx), {
      deadlineMs: Math.min(deadlineMs, LONGEST_TIMER_MS),
      ...(sinceMs === undefined ? {} : { sinceMs }),
    });
    const dropped = describeDroppedNow(report);
    const document: FlushJson = {
      schema: "tta-persona/flush/1",
      complete: report.complete,
      sinks: report.sinks.map((sink) => ({ ...sink })),
    };
    ctx.output.done(document, text(ctx, report, dropped));
    for (const phrase of describeUpkeep(report)) ctx.output.note(`${phrase}, see: tta-persona doctor`);
    const heldUntil = await firstValuesHeldUntil(ctx);
    if (heldUntil !== undefined) {
      ctx.output.note(
        `the Pushgateway shows new series as 0 for ${formatDuration(heldUntil - ctx.clock.now())} more, so that Prometheus sees them grow`,
      );
    }
    // A sink whose setting is no good is as undelivered as one that is down.
    const failed = !report.complete || dropped.length > 0 || ctx.settings.problems.length > 0;
    return failed && invocation.options.strict === true ? ExitCode.failed : ExitCode.done;
  },
};

/** While a background process holds them back, it is that process which shows them. */
async function firstValuesHeldUntil(ctx: CliContext): Promise<number | undefined> {
  const { readHeldUntil, resolveDestinations } = await import("../../delivery/destinations.ts");
  const context = deliveryContext(ctx);
  const times = resolveDestinations(context).destinations.map((one) => readHeldUntil(context, one) ?? 0);
  const latest = Math.max(0, ...times);
  return latest > ctx.clock.now() ? latest : undefined;
}

function text(
  { paint, settings }: CliContext,
  { sinks }: DeliveryReport,
  dropped: readonly string[],
): string {
  if (sinks.length === 0) {
    return [
      settings.problems.length > 0
        ? "No sink can be used as it is set; everything stays in the journal."
        : "No sink is configured, so there is nothing to deliver; everything stays in the journal.",
      paint.dim("To configure one: tta-persona config set pushgateway.url http://localhost:9091"),
      "",
    ].join("\n");
  }
  const line = ({ sink, complete, pending, reason }: SinkReport) =>
    complete
      ? `${paint.green("✓")} ${sink}: everything is delivered`
      : `${paint.red("✗")} ${sink}: ${reason ?? "not delivered"}${pending === 0 ? "" : `; ${pending === 1 ? "1 fact is" : `${pending} facts are`} kept`}`;
  const lines = sinks.map(line);
  for (const phrase of dropped) lines.push(`${paint.magenta("!")} ${phrase}; see: tta-persona doctor`);
  return `${lines.join("\n")}\n`;
}
