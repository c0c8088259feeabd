import type { LangfuseClient, LangfuseScore } from "../backend/langfuse.ts";
import type { Fact } from "../journal/fact.ts";
import { isGateChecked } from "../projection/run-fact-guards.ts";
import { isScoreGiven } from "../projection/score-fact-guard.ts";
import type { OpenSpans } from "./open-spans.ts";
import type { TrailingOutcome } from "./replayed.ts";

export type Score = Omit<LangfuseScore, "environment">;

/** Scores that are not accepted yet. JSON, as the checkpoint keeps it. */
export interface ScoreFold {
  /** Of spans that are open, by span id: a score follows what it is about. */
  readonly scoresOfOpen: Readonly<Record<string, readonly Score[]>>;
  /** To be sent, oldest first. */
  readonly scores: readonly Score[];
}

export const noScores: ScoreFold = { scoresOfOpen: {}, scores: [] };

/** So many are sent at once. */
const AT_ONCE = 8;

/** Folds one fact into the scores that it brings, and those whose span is over with it. */
export function foldScores<State extends ScoreFold & OpenSpans>(state: State, fact: Fact): State {
  const score = scoreOf(fact);
  if (score === undefined) return releaseScores(state);
  const of = score.observationId;
  if (of === undefined || state.open[of] === undefined) return { ...state, scores: [...state.scores, score] };
  const waiting = [...(state.scoresOfOpen[of] ?? []), score];
  return { ...state, scoresOfOpen: { ...state.scoresOfOpen, [of]: waiting } };
}

/** Those whose span is not open any more may go. The same state when there are none. */
export function releaseScores<State extends ScoreFold & OpenSpans>(state: State): State {
  const over = Object.keys(state.scoresOfOpen).filter((spanId) => state.open[spanId] === undefined);
  if (over.length === 0) return state;
  const left = Object.entries(state.scoresOfOpen).filter(([spanId]) => !over.includes(spanId));
  const released = over.flatMap((spanId) => state.scoresOfOpen[spanId] ?? []);
  return { ...state, scoresOfOpen: Object.fromEntries(left), scores: [...state.scores, ...released] };
}

/** A gate's result is a score of its stage, and so is what a judge gave. Nothing is said of what the sampler left out. */
function scoreOf(fact: Fact): Score | undefined {
  if (isGateChecked(fact)) {
    if (!fact.trace.sampled) return undefined;
    const { gate, result, detail, score, reason } = fact.data;
    const comment = reason ?? detail;
    return {
      id: fact.id,
      traceId: fact.trace.traceId,
      observationId: fact.trace.spanId,
      name: gate,
      ...(score === undefined
        ? { value: result === "passed" ? 1 : 0, dataType: "BOOLEAN" as const }
        : { value: score, dataType: "NUMERIC" as const }),
      ...(comment === "" ? {} : { comment }),
    };
  }
  if (!isScoreGiven(fact)) return undefined;
  const { spanId, ...score } = fact.data;
  return { id: fact.id, ...score, ...(spanId === undefined ? {} : { observationId: spanId }) };
}

/** Sends the next few that wait. Those that the backend does not answer for stay, in their order. */
export async function sendScores<State extends ScoreFold>(
  client: LangfuseClient,
  environment: string,
  own: State,
  deadlineMs: number,
): Promise<TrailingOutcome<State>> {
  const next = own.scores.slice(0, AT_ONCE);
  const answers = await Promise.all(
    next.map(async (score) => ({
      score,
      outcome: await client.score({ ...score, environment }, deadlineMs),
    })),
  );
  const left: Score[] = [];
  const refused: { reason: string; detail?: string; record: unknown }[] = [];
  let failure: TrailingOutcome<State>["failure"];
  for (const { score, outcome } of answers) {
    if (outcome.status === "accepted") continue;
    if (outcome.status === "refused") {
      const detail = outcome.detail === undefined ? {} : { detail: outcome.detail };
      refused.push({ reason: outcome.reason, ...detail, record: score });
      continue;
    }
    left.push(score);
    failure ??= outcome;
  }
  const scores = [...left, ...own.scores.slice(AT_ONCE)];
  return { own: { ...own, scores }, refused, ...(failure === undefined ? {} : { failure }) };
}
