import { type GenerationFigures, generationFigures, MOST_ROWS } from "../backend/langfuse-metrics.ts";
import { formatDuration, parseDuration } from "../core/duration.ts";
import { ExitCode, UserError } from "../core/errors.ts";
import { appendFact } from "../journal/append.ts";
import { makeFact } from "../journal/make-fact.ts";
import {
  LANGFUSE_SCOPE,
  type LangfuseExported,
  type LangfuseFigures,
  langfuseFamilies,
} from "../projection/langfuse-figures.ts";
import { NO_PERSONA } from "../projection/session.ts";
import { deliverAfterWork } from "./after-work.ts";
import { type Command, type Invocation, optionText } from "./command.ts";
import type { CliContext } from "./context.ts";
import { currentLedger } from "./delivery-context.ts";
import { exposition } from "./exposition.ts";
import { answered, LANGFUSE_TIMEOUT_MS, requireLangfuse } from "./langfuse-context.ts";
import type { LangfuseExportJson } from "./langfuse-shapes.ts";
import { quote } from "./printable.ts";

/** The smallest plan of Langfuse Cloud allows a hundred queries a day. */
const MIN_INTERVAL_MS = 15 * 60_000;

/** A schedule of 15 minutes is not that exact. */
const GRACE_MS = 30_000;

/** So that the fact stays small; those with the most calls are kept. */
const MOST_FIGURES = 300;

export const exportCommand: Command = {
  name: "export",
  summary: "Read cost, tokens and latency by model and persona from Langfuse into gauges",
  description:
    "Prints them as Prometheus reads them, and keeps them: `metrics` and the Pushgateway show them as well, until the " +
    "next export. They are sums and the mean latency over the time that --since says. The persona is what stands " +
    "before the first underscore of a generation's name; those of other programs count for `none`. Reads at most " +
    "every 15 minutes, since Langfuse Cloud's smallest plan allows 100 queries a day.",
  options: [
    { flags: "--since <duration>", doc: "how far back (default: 24h)" },
    { flags: "--force", doc: "also within 15 minutes of the last time" },
  ],
  examples: [{ command: "tta-persona langfuse export --since 7d", doc: "in a cron job" }],
  exitCodes: {
    1: "Langfuse cannot be reached or is busy, or was read within the last 15 minutes",
    2: "no keys or wrong ones, or wrong usage",
  },
  json: "tta-persona/langfuse-export/1",
  run: exportFigures,
};

async function exportFigures(invocation: Invocation, ctx: CliContext): Promise<number> {
  const project = requireLangfuse(ctx);
  const since = optionText(invocation, "since") ?? "24h";
  const sinceMs = parseDuration(since);
  if (sinceMs === undefined || sinceMs === 0) {
    throw new UserError({
      reason: "invalid-duration",
      message: `--since cannot be ${quote(since)}.`,
      hint: "It takes a duration such as 12h or 30d.",
    });
  }
  const now = ctx.clock.now();
  if (invocation.options.force !== true) assertDue(ctx, now);
  const from = Math.max(0, now - sinceMs);
  const rows = answered(
    await generationFigures(project, from, now, AbortSignal.timeout(LANGFUSE_TIMEOUT_MS)),
  );
  const all = byPersona(rows);
  const figures = all.slice(0, MOST_FIGURES);
  if (rows.length >= MOST_ROWS || all.length > figures.length) {
    ctx.output.note("there are more models and personas than are shown; those with the most calls are");
  }
  const data: LangfuseExported = { from, figures };
  const fact = makeFact(ctx, { type: "langfuse.exported", scope: LANGFUSE_SCOPE, data });
  appendFact({ dir: ctx.home.journal, segmentBytes: ctx.settings.segmentBytes }, fact);
  const families = langfuseFamilies({ ...data, at: fact.ts }).filter(({ series }) => series.length > 0);
  const document: LangfuseExportJson = {
    schema: "tta-persona/langfuse-export/1",
    from: new Date(from).toISOString(),
    to: new Date(now).toISOString(),
    figures: figures.map((one) => ({ ...one })),
  };
  const text = figures.length === 0 ? "# no calls in that time\n" : await exposition(families);
  ctx.output.content(document, text);
  await deliverAfterWork(ctx);
  return ExitCode.done;
}

/** @throws UserError `too-early`. A clock that was set back makes nobody wait. */
function assertDue(ctx: CliContext, now: number): void {
  const last = currentLedger(ctx).state.langfuse?.at;
  const ageMs = last === undefined ? Number.POSITIVE_INFINITY : now - last;
  if (ageMs < 0 || ageMs >= MIN_INTERVAL_MS - GRACE_MS) return;
  const failure = {
    reason: "too-early",
    message: `Langfuse was read ${formatDuration(ageMs)} ago.`,
    hint: `Read it again in ${formatDuration(MIN_INTERVAL_MS - ageMs)}, or now with --force. What was read: tta-persona metrics`,
  };
  throw new UserError(failure, ExitCode.failed);
}

/** Names say persona and task; all tasks of a persona together, those with the most calls first. */
function byPersona(rows: readonly GenerationFigures[]): readonly LangfuseFigures[] {
  const sums = new Map<string, LangfuseFigures>();
  for (const { name, model, ...row } of rows) {
    const persona = /^([a-z0-9]+(?:-[a-z0-9]+)*)_/.exec(name)?.[1] ?? NO_PERSONA;
    const labels = { model: model.slice(0, 200), persona };
    const key = JSON.stringify(labels);
    const known = sums.get(key) ?? { ...labels, calls: 0, costUsd: 0, tokens: 0, latencySeconds: 0 };
    const calls = known.calls + row.calls;
    const weighted = known.latencySeconds * known.calls + row.latencySeconds * row.calls;
    sums.set(key, {
      ...labels,
      calls,
      costUsd: known.costUsd + row.costUsd,
      tokens: known.tokens + row.tokens,
      latencySeconds: calls === 0 ? 0 : weighted / calls,
    });
  }
  return [...sums.values()].sort((a, b) => b.calls - a.calls);
}
