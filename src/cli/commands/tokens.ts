import { ExitCode, UserError } from "../../core/errors.ts";
import type { CallEntry } from "../../llm/call-entry.ts";
import { reportOf } from "../../llm/call-entry.ts";
import type { CallPlace } from "../../llm/call-place.ts";
import { type CallReport, recordCall } from "../../llm/record-call.ts";
import { budgetInForce } from "../../projection/budget.ts";
import type { Budget, LlmCalledFact } from "../../projection/llm-facts.ts";
import { ledgerMetrics } from "../../projection/metric-catalogue.ts";
import { toFamily } from "../../projection/totals.ts";
import { deliverAfterWork } from "../after-work.ts";
import { readBudgets, warnSoft } from "../budget-gate.ts";
import { type Command, type Invocation, optionText } from "../command.ts";
import type { CliContext } from "../context.ts";
import { currentLedger } from "../delivery-context.ts";
import { callPlace, definedBudget, recordContext } from "../llm-context.ts";
import type { TokensJson, TokensRecordJson } from "../llm-shapes.ts";
import { count, usd } from "../llm-text.ts";
import { optionNumber, optionPairs } from "../option-values.ts";
import { personaName } from "../persona-name.ts";
import { quote, table } from "../printable.ts";
import { readTextFile } from "../read-text.ts";
import { recordedText } from "../recorded-text.ts";
import { showMasked } from "../show-masked.ts";
import { systemError } from "../system-error.ts";

const OUTCOMES = ["ok", "error", "aborted"] as const;

const record: Command = {
  name: "record",
  summary: "Record a call of a model that somebody else has made",
  description:
    "For scripts that call a model themselves: tokens, cost and texts are counted as those of `llm` are. Within a " +
    "stage or `exec` the call counts for their persona. With --stdin, calls come as JSON: one object, an array, or " +
    "one object per line, with the fields model, provider, input, output, cached, cacheCreation, cacheCreationHour, " +
    "reasoning, costUsd, startedAt, latencyMs, firstTokenMs, outcome, error {type, message}, operation, taskType, prompt, response, " +
    "finishReason, responseId, metadata and persona (schemas/llm-call.schema.json). Where one is wrong, none is recorded.",
  options: [
    { flags: "--model <name>", doc: "model, or provider/model" },
    { flags: "--provider <name>", doc: "such as openai; the model's name may have slashes then" },
    { flags: "--input <n>", doc: "tokens that went in, cached ones included" },
    { flags: "--output <n>", doc: "tokens that came out, reasoning included" },
    { flags: "--cached <n>", doc: "input tokens that came from the provider's cache" },
    { flags: "--cache-creation <n>", doc: "input tokens that were written to it" },
    { flags: "--cache-creation-hour <n>", doc: "of these, what is kept for an hour" },
    { flags: "--reasoning <n>", doc: "output tokens of reasoning" },
    { flags: "--cost <usd>", doc: "what it cost; by default the price list's word" },
    { flags: "--latency <ms>", doc: "how long it took" },
    { flags: "--prompt-file <path>", doc: "what was asked" },
    { flags: "--response-file <path>", doc: "what was answered" },
    { flags: "--outcome <outcome>", doc: "ok, error or aborted (default: ok)", complete: OUTCOMES },
    { flags: "--task-type <name>", doc: "what it was for" },
    { flags: "--metadata <pairs...>", doc: "key=value, anything else worth knowing" },
    { flags: "--persona <persona>", doc: "the active one by default", complete: "personas" },
    { flags: "--stdin", doc: "read calls as JSON from standard input" },
    { flags: "--show-masked", doc: "record nothing; tell what would be hidden: kinds and counts" },
  ],
  examples: [
    { command: "tta-persona tokens record --model openai/gpt-4o --input 900 --output 80", doc: "one call" },
    { command: "tta-persona tokens record --stdin < calls.jsonl", doc: "many at once" },
  ],
  exitCodes: {
    1: "they could not be written down, such as on a full disk; it is said how many were",
    2: "wrong usage, or a call that makes no sense; nothing was recorded",
    3: "no --persona was given, and no persona is active",
  },
  json: "tta-persona/tokens-record/1",
  run: recordCalls,
};

export const command: Command = {
  name: "tokens",
  summary: "Show the tokens that were used, by persona and model",
  examples: [{ command: "tta-persona tokens", doc: "since ever" }],
  exitCodes: {},
  json: "tta-persona/tokens/1",
  subcommands: [record],
  run: showTokens,
};

interface PlacedReport {
  readonly report: CallReport;
  readonly place: CallPlace;
}

async function recordCalls(invocation: Invocation, ctx: CliContext): Promise<number> {
  const calls =
    invocation.options.stdin === true
      ? await callsOfInput(invocation, ctx)
      : [await callOfOptions(invocation, ctx)];
  if (invocation.options.showMasked === true) {
    return showMasked(
      ctx,
      calls.map(({ report, place }) => ({ persona: place.persona, texts: report })),
    );
  }
  const context = await recordContext(ctx);
  const facts: LlmCalledFact[] = [];
  const personas = new Set(calls.map(({ place }) => place.persona));
  const budgets = new Map<string, Budget | undefined>();
  for (const persona of personas) {
    budgets.set(persona, budgetInForce(readBudgets(ctx), persona, await definedBudget(persona, ctx)));
  }
  for (const { report, place } of calls) {
    const budget = budgets.get(place.persona);
    try {
      facts.push(await recordCall(budget === undefined ? report : { ...report, budget }, place, context));
    } catch (error) {
      throw afterSome(error, { done: facts.length, all: calls.length }, ctx);
    }
  }
  for (const persona of personas) warnSoft(ctx, persona);
  const document: TokensRecordJson = {
    schema: "tta-persona/tokens-record/1",
    calls: facts.map(({ id, data }) => ({
      id,
      persona: data.persona,
      chatmode: data.chatmode,
      provider: data.provider ?? null,
      model: data.model,
      outcome: data.outcome === "blocked" ? "error" : data.outcome,
      usage: data.usage ?? null,
      tokens: data.tokens,
      costUsd: data.costUsd,
    })),
  };
  ctx.output.done(document, recordedText(facts));
  await deliverAfterWork(ctx);
  return ExitCode.done;
}

/** Whoever recorded all of them once more would count those twice. */
function afterSome(
  error: unknown,
  { done, all }: { done: number; all: number },
  { home }: CliContext,
): unknown {
  const failure = done === 0 ? undefined : systemError(error, home.data);
  if (failure === undefined) return error;
  const { reason, message, exitCode } = failure;
  return new UserError(
    {
      reason,
      message: `${message} The first ${count(done)} of ${count(all)} calls are recorded.`,
      hint: `Once that is solved, record the others alone, or the first ${count(done)} count twice.`,
    },
    exitCode,
  );
}

async function callOfOptions(invocation: Invocation, ctx: CliContext): Promise<PlacedReport> {
  const { model, outcome, ...entry } = entryOf(invocation);
  if (model === undefined) {
    throw new UserError({
      reason: "no-model",
      message: "Which model was called?",
      hint: "Give --model and its tokens, or --stdin. See: tta-persona tokens record --help",
    });
  }
  const known = OUTCOMES.find((one) => one === (outcome ?? "ok"));
  if (known === undefined) {
    throw new UserError({
      reason: "invalid-outcome",
      message: `--outcome cannot be ${quote(outcome ?? "")}.`,
      hint: `It takes ${OUTCOMES.join(", ")}.`,
    });
  }
  const report = reportOf({ ...entry, model, outcome: known }, ctx.clock.now());
  if (!report.ok) {
    const { message, ...rest } = report.error;
    throw new UserError({ ...rest, message: `${message.charAt(0).toUpperCase()}${message.slice(1)}.` });
  }
  return { report: report.value, place: await placeOf(optionText(invocation, "persona"), ctx) };
}

function entryOf(
  invocation: Invocation,
): Omit<CallEntry, "model" | "outcome"> & { model?: string; outcome?: string } {
  const text = (name: string) => optionText(invocation, name);
  const file = (name: string) => {
    const path = text(name);
    return path === undefined ? undefined : readTextFile(path);
  };
  const tokens = (option: string) => optionNumber(invocation, option, true);
  const amount = (option: string) => optionNumber(invocation, option, false);
  const entry = {
    model: text("model"),
    provider: text("provider"),
    outcome: text("outcome"),
    taskType: text("taskType"),
    input: tokens("input"),
    output: tokens("output"),
    cached: tokens("cached"),
    cacheCreation: tokens("cache-creation"),
    cacheCreationHour: tokens("cache-creation-hour"),
    reasoning: tokens("reasoning"),
    costUsd: amount("cost"),
    latencyMs: amount("latency"),
    prompt: file("promptFile"),
    response: file("responseFile"),
    metadata: optionPairs(invocation, "metadata"),
  };
  // What was not given is absent.
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined));
}

async function callsOfInput(invocation: Invocation, ctx: CliContext): Promise<readonly PlacedReport[]> {
  const [other] = Object.keys(invocation.options).filter(
    (name) => !["stdin", "persona", "showMasked"].includes(name),
  );
  if (other !== undefined) {
    throw new UserError({
      reason: "conflicting-options",
      message: "With --stdin, everything but --persona comes from standard input.",
      hint: "Leave the other options out.",
    });
  }
  const { readReports } = await import("../../llm/report-schema.ts");
  const reports = readReports(await ctx.readStdin(), ctx.clock.now());
  if (!reports.ok) throw new UserError(reports.error);
  const common = optionText(invocation, "persona");
  const places = new Map<string | undefined, CallPlace>();
  const calls: PlacedReport[] = [];
  for (const { report, persona = common } of reports.value) {
    const place = places.get(persona) ?? (await placeOf(persona, ctx));
    places.set(persona, place);
    calls.push({ report, place });
  }
  return calls;
}

async function placeOf(persona: string | undefined, ctx: CliContext): Promise<CallPlace> {
  return callPlace(ctx, persona === undefined ? undefined : await personaName(persona, ctx));
}

function showTokens(_: Invocation, ctx: CliContext): number {
  const { totals } = currentLedger(ctx).state;
  const models = new Map<
    string,
    { persona: string; model: string; tokens: number; calls: number; costUsd: number }
  >();
  const row = (persona = "", model = "") => {
    const key = JSON.stringify([persona, model]);
    const known = models.get(key) ?? { persona, model, tokens: 0, calls: 0, costUsd: 0 };
    models.set(key, known);
    return known;
  };
  const add = (
    metric: (typeof ledgerMetrics)["tokens" | "calls" | "cost"],
    field: "tokens" | "calls" | "costUsd",
  ) => {
    const family = toFamily(totals, metric);
    if (family.type === "histogram") return;
    const [persona, model] = [family.labelNames.indexOf("persona"), family.labelNames.indexOf("model")];
    for (const { labels, value } of family.series) row(labels[persona], labels[model])[field] += value;
  };
  add(ledgerMetrics.tokens, "tokens");
  add(ledgerMetrics.calls, "calls");
  add(ledgerMetrics.cost, "costUsd");
  const document: TokensJson = { schema: "tta-persona/tokens/1", models: [...models.values()] };
  const unpriced = unpricedModels(totals);
  const rows = document.models.map(({ persona, model, tokens, calls, costUsd }) => [
    persona,
    model,
    count(tokens),
    count(calls),
    costText(costUsd, unpriced.has(model)),
  ]);
  const [head = "", ...lines] = table([["persona", "model", "tokens", "calls", "cost"], ...rows])
    .trimEnd()
    .split("\n");
  const text = `${[ctx.paint.dim(head), ...lines].join("\n")}\n`;
  ctx.output.answer(document, rows.length === 0 ? "No model has been called yet.\n" : text);
  return ExitCode.done;
}

/** Models with calls of which nobody knows the price. */
function unpricedModels(totals: Parameters<typeof toFamily>[0]): ReadonlySet<string> {
  const family = toFamily(totals, ledgerMetrics.unpriced);
  if (family.type === "histogram") return new Set();
  const at = family.labelNames.indexOf("model");
  return new Set(family.series.flatMap(({ labels, value }) => (value > 0 ? [labels[at] ?? ""] : [])));
}

/** Unknown is unknown, never $0. */
function costText(costUsd: number, isPartlyUnknown: boolean): string {
  if (!isPartlyUnknown) return usd(costUsd);
  return costUsd === 0 ? "unknown" : `${usd(costUsd)} and more (prices unknown)`;
}
