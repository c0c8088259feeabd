import { createHash } from "node:crypto";
import type { Capture } from "../core/capture.ts";
import { errorCode } from "../core/errors.ts";
import type { Home } from "../core/home.ts";
import type { SpanIdentity } from "../core/span.ts";
import { appendFact } from "../journal/append.ts";
import { putBlob } from "../journal/blobs.ts";
import { type FactContext, makeFact } from "../journal/make-fact.ts";
import type { Body, LlmCalled, LlmCalledFact } from "../projection/llm-facts.ts";
import type { CallPlace } from "./call-place.ts";
import type { CallTexts, KeptText, TextKeeper } from "./keep-texts.ts";
import { type PriceOverrides, priceOf } from "./price.ts";

/** Longer texts do not stand in the fact, but in a file beside the journal. Bytes of UTF-8. */
const MAX_INLINE_BYTES = 8 * 1024;

/** Of what servers and callers name: an answer's id, a model, a kind of error. Characters. */
const MAX_WORD = 200;

/** What is known of a call, whoever made it; its texts as they were. */
export interface CallReport
  extends CallTexts,
    Pick<
      LlmCalled,
      | "model"
      | "provider"
      | "operation"
      | "taskType"
      | "outcome"
      | "usage"
      | "startedAt"
      | "firstTokenAt"
      | "durationSeconds"
      | "attempts"
      | "request"
      | "response"
      | "error"
      | "server"
      | "prompt"
      | "experiment"
      | "budget"
      | "reservation"
      | "budgetTokens"
    > {
  /** Known to the caller, or 0 where nothing was asked for; otherwise it is worked out. */
  readonly costUsd?: number;
}

export interface RecordContext extends FactContext {
  readonly home: Home;
  readonly segmentBytes: number;
  readonly prices: PriceOverrides;
  readonly texts: TextKeeper;
  /** What is kept of the texts of this persona's calls. Asked only where there are any. */
  readonly captureOf: (persona: string) => Capture | Promise<Capture>;
  /** Told when a long text could not be kept. The call is recorded all the same. */
  readonly onTextLost: (error: unknown) => void;
}

/**
 * Writes down one call. Its texts are masked before anything is kept of them, also in the files of long ones.
 *
 * @param trace the call's span, where it was decided before; else a child of the environment's.
 * @throws the system's error when it could not be written.
 */
export async function recordCall(
  report: CallReport,
  place: CallPlace,
  context: RecordContext,
  trace?: SpanIdentity,
): Promise<LlmCalledFact> {
  const { input, output, metadata, costUsd, operation, taskType, error, response, ...figures } = report;
  const { usage } = report;
  const { persona, chatmode, run } = place;
  const price = costUsd === undefined ? await worthOf(report, context) : { costUsd };
  const hasTexts = input !== undefined || output !== undefined || metadata !== undefined;
  const kept = hasTexts ? context.texts.keep(report, await context.captureOf(persona)) : {};
  const blobs = new Map<string, string>();
  const data: LlmCalled = {
    persona,
    chatmode,
    ...run,
    ...figures,
    ...(operation === undefined ? {} : { operation: context.texts.short(operation, MAX_WORD) }),
    ...(taskType === undefined ? {} : { taskType: context.texts.short(taskType, 100) }),
    tokens: usage === undefined ? 0 : usage.input + usage.output,
    ...(price ?? { costUsd: null }),
    ...(error === undefined
      ? {}
      : {
          error: {
            type: context.texts.short(error.type, MAX_WORD),
            message: context.texts.short(error.message, 500),
          },
        }),
    ...(response === undefined ? {} : { response: keepResponse(response, context.texts) }),
    ...(kept.input === undefined ? {} : { input: bodyOf(kept.input, blobs) }),
    ...(kept.output === undefined ? {} : { output: bodyOf(kept.output, blobs) }),
    ...(kept.metadata === undefined ? {} : { metadata: kept.metadata }),
  };
  const fact = makeFact(context, {
    type: "llm.called",
    scope: place.scope,
    data,
    ...(trace === undefined ? {} : { trace }),
  });
  const { home, segmentBytes } = context;
  appendFact({ dir: home.journal, segmentBytes }, fact, {
    onSegment: (segment) => {
      try {
        for (const [hash, text] of blobs) putBlob(home.blobs, segment, hash, text);
      } catch (error) {
        // Figures take less room than texts, and matter more.
        if (errorCode(error) === undefined) throw error;
        context.onTextLost(error);
      }
    },
  });
  return fact;
}

/** A server's words: they may be long, and hold anything. */
function keepResponse(
  { id, model, finishReasons }: NonNullable<LlmCalled["response"]>,
  { short }: TextKeeper,
): NonNullable<LlmCalled["response"]> {
  return {
    ...(id === undefined ? {} : { id: short(id, MAX_WORD) }),
    ...(model === undefined ? {} : { model: short(model, MAX_WORD) }),
    ...(finishReasons === undefined
      ? {}
      : { finishReasons: finishReasons.slice(0, 10).map((reason) => short(reason, MAX_WORD)) }),
  };
}

function worthOf({ model, provider, usage, startedAt }: CallReport, { clock, prices }: RecordContext) {
  if (usage === undefined) return null;
  const name = provider === undefined ? { model } : { provider, model };
  return priceOf({ ...name, usage, at: startedAt ?? clock.now() }, prices);
}

function bodyOf({ text, isCut }: KeptText, blobs: Map<string, string>): Body {
  const cut = isCut ? { isCut } : {};
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_INLINE_BYTES) return { text, ...cut };
  const hash = createHash("sha256").update(text).digest("hex");
  blobs.set(hash, text);
  return { hash, bytes, ...cut };
}
