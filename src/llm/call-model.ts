import { errorCode } from "../core/errors.ts";
import type { SpanIdentity } from "../core/span.ts";
import type { LlmCalled, LlmCalledFact } from "../projection/llm-facts.ts";
import { type AskContext, askModel, type ModelAnswer, type ModelRequest } from "./ask-model.ts";
import type { BudgetGate, BudgetVerdict, PlannedCall } from "./budget-gate.ts";
import type { AnswerLimit } from "./call-error.ts";
import type { CallPlace } from "./call-place.ts";
import type { Endpoint } from "./endpoint.ts";
import { loadPrices } from "./price.ts";
import { type CallReport, type RecordContext, recordCall } from "./record-call.ts";

export interface ModelCall
  extends ModelRequest,
    Pick<CallReport, "taskType" | "metadata" | "prompt" | "experiment"> {
  readonly place: CallPlace;
  /** The call's span, where it was decided before; else a child of the environment's. */
  readonly trace?: SpanIdentity;
}

export interface CallContext extends RecordContext, AskContext {
  readonly gate: BudgetGate;
  /** Told when the call could not be written down. Its answer counts all the same. */
  readonly onTrouble: (error: unknown) => void;
}

export type CallResult =
  | {
      readonly kind: "called";
      readonly answer: ModelAnswer;
      /** What was written down, masked; undefined where that failed. */
      readonly fact: LlmCalledFact | undefined;
      /** Set where a hard budget, and not the caller, decided how long the answer may be. */
      readonly limit?: AnswerLimit;
    }
  | { readonly kind: "blocked"; readonly verdict: Extract<BudgetVerdict, { readonly isAllowed: false }> };

/** Under a hard budget an answer may be this long where the caller sets no limit. Tokens. */
const USUAL_ANSWER = 4096;

/**
 * Makes one call of a model, and writes it down as it went: also one that failed, was aborted, broke off, or was
 * refused by a budget.
 */
export async function callModel(call: ModelCall, context: CallContext): Promise<CallResult> {
  const { place, trace } = call;
  const most = { input: inputEstimate(call), output: call.maxTokens ?? USUAL_ANSWER };
  const planned: PlannedCall = {
    persona: place.persona,
    scope: place.scope,
    ...(place.run === undefined ? {} : { runId: place.run.runId }),
    estimatedTokens: most.input + most.output,
  };
  const record = async (request: ModelCall, report: Partial<CallReport> & Pick<CallReport, "outcome">) => {
    try {
      return await recordCall({ ...aboutRequest(request), ...report }, place, context, trace);
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      context.onTrouble(error);
      return undefined;
    }
  };
  const verdict = await context.gate.allow(planned);
  if (!verdict.isAllowed) {
    const error = { type: "budget", message: verdict.message };
    await record(call, { outcome: "blocked", costUsd: 0, error, budget: verdict.budget });
    return { kind: "blocked", verdict };
  }
  // What was set aside is all that it may take.
  const request = verdict.reservation === undefined ? call : { ...call, maxTokens: most.output };
  let fact: LlmCalledFact | undefined;
  try {
    const answer = await askModel(request, { ...context, fetch: loadingPrices(context.fetch) });
    fact = await record(request, { ...reportOf(answer), ...budgetOf(verdict, answer, most) });
    return { kind: "called", answer, fact, ...limitOf(call, verdict, most.output) };
  } finally {
    await context.gate.settle(planned, verdict, fact !== undefined);
  }
}

function limitOf(
  { place, maxTokens }: ModelCall,
  { budget, reservation }: Extract<BudgetVerdict, { readonly isAllowed: true }>,
  answerTokens: number,
): { readonly limit?: AnswerLimit } {
  if (maxTokens !== undefined || budget === undefined || reservation === undefined) return {};
  return { limit: { persona: place.persona, budgetTokens: budget.tokens, answerTokens } };
}

/** The price list is loaded while the model thinks, not before it is asked nor after it has answered. */
function loadingPrices(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return (input, init) => {
    const answer = fetch(input, init);
    void loadPrices();
    return answer;
  };
}

function aboutRequest(call: ModelCall) {
  const { endpoint, messages, stream, maxTokens, temperature, taskType, metadata, prompt, experiment } = call;
  return {
    provider: endpoint.provider,
    model: endpoint.model,
    operation: "chat",
    server: serverOf(endpoint),
    input: messages,
    request: {
      stream,
      ...(maxTokens === undefined ? {} : { maxTokens }),
      ...(temperature === undefined ? {} : { temperature }),
    },
    ...(taskType === undefined ? {} : { taskType }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(prompt === undefined ? {} : { prompt }),
    ...(experiment === undefined ? {} : { experiment }),
  };
}

function reportOf(answer: ModelAnswer): Partial<CallReport> & Pick<CallReport, "outcome"> {
  const { text, warnings, mayBeCharged, isUsageWhole, ...figures } = answer;
  return { ...figures, output: text, ...(mayBeCharged ? {} : { costUsd: 0 }) };
}

/** A call that may have taken more than was told counts for all that it may have taken. */
function budgetOf(
  { budget, reservation }: Extract<BudgetVerdict, { readonly isAllowed: true }>,
  { usage, isUsageWhole, mayBeCharged }: ModelAnswer,
  most: { readonly input: number; readonly output: number },
) {
  const budgetTokens = (usage?.input ?? most.input) + Math.max(usage?.output ?? 0, most.output);
  return {
    ...(budget === undefined ? {} : { budget }),
    ...(reservation === undefined ? {} : { reservation }),
    ...(reservation === undefined || isUsageWhole || !mayBeCharged ? {} : { budgetTokens }),
  };
}

function serverOf({ baseUrl }: Endpoint): NonNullable<LlmCalled["server"]> {
  const { hostname, port, protocol } = new URL(baseUrl);
  return { address: hostname, port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port) };
}

/** Three bytes make a token at least, in most languages and in code. */
function inputEstimate({ messages }: ModelCall): number {
  const bytes = messages.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
  return Math.ceil(bytes / 3);
}
