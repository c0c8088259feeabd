import type { LangfuseItem } from "../backend/langfuse-datasets.ts";
import type { PromptContent } from "../backend/langfuse-prompts.ts";
import { UserError } from "../core/errors.ts";
import { inParallel } from "../core/in-parallel.ts";
import { newSpanIdentity } from "../core/trace-context.ts";
import { appendFact } from "../journal/append.ts";
import { makeFact } from "../journal/make-fact.ts";
import type { CallContext, ModelCall } from "../llm/call-model.ts";
import { fillPrompt } from "../llm/fill-prompt.ts";
import { asText, type Verdict } from "../llm/judge.ts";
import type { Message } from "../llm/message.ts";
import type { LlmCalled, LlmCalledFact, ScoreGiven } from "../projection/llm-facts.ts";
import type { CliContext } from "./context.ts";
import { type NoScore, type OpenJudge, tryCall } from "./judge-answer.ts";
import { notRecorded } from "./long-work.ts";

export interface Experiment {
  readonly id: string;
  readonly name: string;
  readonly datasetId: string;
  readonly content: PromptContent;
  readonly instructions: string;
  readonly judge: OpenJudge | undefined;
  /** Of each item's call, besides its messages. */
  readonly call: Pick<ModelCall, "endpoint" | "place" | "prompt" | "temperature" | "maxTokens">;
  readonly atOnce: number;
}

/** What became of one item. */
export interface ItemResult {
  readonly id: string;
  readonly outcome: LlmCalled["outcome"];
  readonly output: string;
  readonly durationSeconds: number;
  readonly costUsd: number | null;
  /** Masked. */
  readonly error?: string;
  readonly verdict?: Verdict;
  /** Of an answer that the judge has no score for. */
  readonly unscored?: NoScore;
}

export interface PreparedItem {
  readonly item: LangfuseItem;
  readonly messages: readonly Message[];
}

/**
 * The messages of every item, so that a variable without a value is told before anything is paid for.
 *
 * @throws UserError `missing-variables`, `unsupported-prompt`, with the item's id.
 */
export function prepareItems(
  items: readonly LangfuseItem[],
  content: PromptContent,
  instructions: string,
): readonly PreparedItem[] {
  return items.map((item) => {
    const messages = fillPrompt(content, variablesOfItem(item.input));
    if (messages.ok)
      return { item, messages: [{ role: "system", content: instructions }, ...messages.value] };
    const { reason, message } = messages.error;
    const hint = "An input that is an object has its keys as variables; {{input}} is all of it.";
    throw new UserError({ reason, message: `Item ${item.id}: ${message}`, hint });
  });
}

function variablesOfItem(input: unknown): Readonly<Record<string, string>> {
  const keys = typeof input === "object" && input !== null && !Array.isArray(input) ? input : {};
  const values = Object.entries(keys).map(([name, value]) => [name, asText(value)] as const);
  return Object.fromEntries([["input", asText(input)], ...values]);
}

/** Asks the model for every item, judges each answer, and tells of progress. No rejection for what servers do. */
export async function runItems(
  items: readonly PreparedItem[],
  experiment: Experiment,
  ctx: CliContext,
  context: CallContext,
): Promise<readonly (ItemResult | undefined)[]> {
  let done = 0;
  let failed = 0;
  // Ten lines, however many items there are.
  const step = Math.max(1, Math.ceil(items.length / 10));
  const work = async (prepared: PreparedItem) => {
    const result = await runItem(prepared, experiment, ctx, context);
    done += 1;
    if (result.outcome !== "ok") failed += 1;
    if (done % step === 0 || done === items.length) {
      ctx.output.note(`${done} of ${items.length} items${failed === 0 ? "" : `, ${failed} failed`}`);
    }
    return result;
  };
  return inParallel(items, experiment.atOnce, work, () => context.signal.aborted);
}

async function runItem(
  { item, messages }: PreparedItem,
  experiment: Experiment,
  ctx: CliContext,
  context: CallContext,
): Promise<ItemResult> {
  const { id, name, datasetId, judge } = experiment;
  const { expectedOutput } = item;
  // Each item is a trace of its own, whatever trace the command runs in.
  const trace = newSpanIdentity({ ...ctx.env, TRACEPARENT: undefined });
  const called = await tryCall(
    {
      ...experiment.call,
      messages,
      stream: true,
      trace,
      experiment: { id, name, datasetId, itemId: item.id },
      ...(expectedOutput === null ? {} : { metadata: { expected_output: asText(expectedOutput) } }),
    },
    context,
  );
  const nothing = { id: item.id, output: "", durationSeconds: 0, costUsd: 0 };
  if (!called.ok) return { ...nothing, outcome: "error", error: called.error };
  if (called.value.kind === "blocked") {
    return { ...nothing, outcome: "blocked", error: called.value.verdict.message };
  }
  const { answer, fact } = called.value;
  const { outcome, text: output, durationSeconds, error } = answer;
  const common = { id: item.id, outcome, output, durationSeconds, costUsd: fact?.data.costUsd ?? null };
  if (outcome !== "ok") {
    const message = error === undefined ? outcome : `${error.type}: ${error.message}`;
    return { ...common, error: context.texts.short(message, 300) };
  }
  if (judge === undefined) return common;
  const { input, metadata } = item;
  const verdict = await judge.ask({ input, expectedOutput, metadata, output });
  if (!verdict.ok) return { ...common, unscored: verdict.error };
  if (fact !== undefined) giveScore(fact, judge, verdict.value, ctx, context);
  return { ...common, verdict: verdict.value };
}

/** Delivered to Langfuse like any other score, once the call is there. */
function giveScore(
  { trace, scope }: LlmCalledFact,
  { name, isTrueOrFalse }: OpenJudge,
  { score, comment }: Verdict,
  ctx: CliContext,
  { texts }: CallContext,
): void {
  // Of a call that the sampler left out, Langfuse knows nothing.
  if (!trace.sampled) return;
  const data: ScoreGiven = {
    traceId: trace.traceId,
    spanId: trace.spanId,
    name,
    value: score,
    dataType: isTrueOrFalse ? "BOOLEAN" : "NUMERIC",
    ...(comment === undefined ? {} : { comment: texts.short(comment, 500) }),
  };
  try {
    const fact = makeFact(ctx, { type: "score.given", scope, data });
    appendFact({ dir: ctx.home.journal, segmentBytes: ctx.settings.segmentBytes }, fact);
  } catch (error) {
    notRecorded(ctx, error);
  }
}
