import type { Failure } from "../core/errors.ts";
import { err, ok, type Result } from "../core/result.ts";
import { isAmount } from "../projection/facts.ts";
import { type LlmUsage, MAX_CALL_MS, MAX_CALL_TOKENS } from "../projection/llm-facts.ts";
import { MAX_METADATA } from "./keep-texts.ts";
import { parseModelName } from "./model-name.ts";
import type { CallReport } from "./record-call.ts";

/** In dollars: likewise more than any call costs. */
const MAX_COST = 1e6;

/** Clocks of two machines may differ by this much; what begins later is no call that is over. */
const MAX_SKEW_MS = 86_400_000;

/** A call as somebody else tells of it, by options or as JSON. `report-schema.ts` describes it for people. */
export interface CallEntry {
  readonly model: string;
  readonly provider?: string;
  readonly input?: number;
  readonly output?: number;
  readonly cached?: number;
  readonly cacheCreation?: number;
  readonly cacheCreationHour?: number;
  readonly reasoning?: number;
  readonly costUsd?: number;
  readonly startedAt?: string;
  readonly latencyMs?: number;
  readonly firstTokenMs?: number;
  readonly outcome?: "ok" | "error" | "aborted";
  readonly error?: { readonly type: string; readonly message?: string };
  readonly operation?: string;
  readonly taskType?: string;
  readonly prompt?: string;
  readonly response?: string;
  readonly finishReason?: string;
  readonly responseId?: string;
  readonly metadata?: Readonly<Record<string, string | number | boolean>>;
  readonly persona?: string;
}

/**
 * What is recorded of it. Failure `invalid-call` for what makes no sense: tokens in part, parts that are more than
 * their sum, names that are none.
 *
 * @param now the call is over by then, milliseconds since the epoch.
 */
export function reportOf(entry: CallEntry, now: number): Result<CallReport, Failure> {
  const name = parseModelName(entry.model, entry.provider);
  if (name === undefined) {
    return invalid("model", "is no name of a model", "Write a model, or provider/model.");
  }
  const usage = usageOf(entry);
  if (!usage.ok) return usage;
  for (const [field, amount] of Object.entries({
    costUsd: entry.costUsd,
    latencyMs: entry.latencyMs,
    firstTokenMs: entry.firstTokenMs,
  })) {
    if (amount !== undefined && !isAmount(amount)) {
      return invalid(field, "is no number from 0 up", "Leave it out where it is unknown.");
    }
  }
  for (const [field, ms] of Object.entries({
    latencyMs: entry.latencyMs,
    firstTokenMs: entry.firstTokenMs,
  })) {
    if (ms !== undefined && ms > MAX_CALL_MS) {
      return invalid(field, "is more than a call can take", "It is in milliseconds.");
    }
  }
  const {
    metadata = {},
    latencyMs,
    firstTokenMs,
    costUsd,
    taskType,
    prompt,
    response,
    outcome = entry.error === undefined ? "ok" : "error",
  } = entry;
  if (outcome === "ok" && entry.error !== undefined) {
    return invalid("outcome", "is ok, and yet there is an error", "Leave one of them out.");
  }
  if (costUsd !== undefined && costUsd > MAX_COST) {
    return invalid("costUsd", "is more than a call can cost", "It is in dollars.");
  }
  if (Object.keys(metadata).length > MAX_METADATA.entries) {
    return invalid("metadata", `has more than ${MAX_METADATA.entries} entries`, "Leave some out.");
  }
  const startedAt = entry.startedAt === undefined ? now - (latencyMs ?? 0) : Date.parse(entry.startedAt);
  if (!isAmount(startedAt)) {
    return invalid("startedAt", "is no time", "Write it as 2026-01-31T12:00:00Z.");
  }
  if (startedAt > now + MAX_SKEW_MS) {
    return invalid("startedAt", "is in the future", "Record a call when it is over.");
  }
  return ok({
    ...name,
    outcome,
    startedAt,
    ...(usage.value === undefined ? {} : { usage: usage.value }),
    ...(costUsd === undefined ? {} : { costUsd }),
    ...(latencyMs === undefined ? {} : { durationSeconds: latencyMs / 1000 }),
    ...(firstTokenMs === undefined ? {} : { firstTokenAt: startedAt + firstTokenMs }),
    ...(entry.operation === undefined ? {} : { operation: entry.operation }),
    ...(taskType === undefined ? {} : { taskType }),
    ...(prompt === undefined ? {} : { input: prompt }),
    ...(response === undefined ? {} : { output: response }),
    ...(outcome === "error" ? { error: { type: "error", message: "", ...entry.error } } : {}),
    ...responseOf(entry),
    ...(entry.metadata === undefined
      ? {}
      : {
          metadata: Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, String(value)])),
        }),
  });
}

function responseOf({ finishReason, responseId }: CallEntry): Pick<CallReport, "response"> {
  if (finishReason === undefined && responseId === undefined) return {};
  return {
    response: {
      ...(responseId === undefined ? {} : { id: responseId }),
      ...(finishReason === undefined ? {} : { finishReasons: [finishReason] }),
    },
  };
}

function usageOf(entry: CallEntry): Result<LlmUsage | undefined, Failure> {
  const { input, output, cached = 0, cacheCreation = 0, cacheCreationHour = 0, reasoning = 0, error } = entry;
  const { outcome = error === undefined ? "ok" : "error" } = entry;
  const counts = { input, output, cached, cacheCreation, cacheCreationHour, reasoning };
  for (const [field, tokens] of Object.entries(counts)) {
    if (tokens !== undefined && !(Number.isSafeInteger(tokens) && tokens >= 0)) {
      return invalid(field, "is no whole number of tokens", "Leave it out where it is unknown.");
    }
    if (tokens !== undefined && tokens > MAX_CALL_TOKENS) {
      return invalid(field, "is more than a call can take", "Leave it out where it is unknown.");
    }
  }
  if (input === undefined || output === undefined) {
    const parts = cached + cacheCreation + cacheCreationHour + reasoning;
    const isUnknown = input === undefined && output === undefined && parts === 0;
    if (isUnknown && outcome !== "ok") return ok(undefined);
    const missing = input === undefined ? "input" : "output";
    return invalid(
      missing,
      "is missing",
      "Say how many tokens went in and came out, 0 where there were none.",
    );
  }
  if (cached + cacheCreation > input) {
    return invalid("input", "is less than its cached tokens", "Cached ones are part of the input: add them.");
  }
  if (cacheCreationHour > cacheCreation) {
    return invalid(
      "cacheCreation",
      "is less than what is kept for an hour",
      "That is part of it: add the two.",
    );
  }
  if (reasoning > output) {
    return invalid("output", "is less than its reasoning tokens", "They are part of the output: add them.");
  }
  const hour = cacheCreationHour === 0 ? {} : { cacheCreationHour };
  return ok({ input, cachedInput: cached, cacheCreation, ...hour, output, reasoning });
}

function invalid(field: string, what: string, hint: string): Result<never, Failure> {
  return err({ reason: "invalid-call", message: `${field} ${what}`, hint });
}
