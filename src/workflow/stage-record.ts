import type { SpanIdentity } from "../core/span.ts";
import { newSpanIdentity } from "../core/trace-context.ts";
import type { Place } from "../journal/append.ts";
import type { StageStarted } from "../projection/run-facts.ts";
import type { Stage } from "./definition.ts";
import type { EngineContext, Run, StageOutcome } from "./engine-context.ts";
import { RUN_IDLE_TIMEOUT_MS } from "./recorder.ts";

/** What is written down of a stage that is run: the session of its persona, around its span. */
export interface StageRecord {
  readonly scope: string;
  readonly trace: SpanIdentity;
  readonly startedAt: number;
  /** @returns where the stage's start stands in the journal; undefined where it could not be written. */
  begin(): Place | undefined;
  /** Also where it did not get as far as its beginning. Another call does nothing. */
  end(
    outcome: Pick<StageOutcome, "result" | "attempts" | "outputs" | "error">,
    stderrTail: readonly string[],
  ): void;
}

export function createStageRecord(
  run: Run,
  stage: Stage,
  runTrace: SpanIdentity,
  { recorder, clock, env }: Pick<EngineContext, "recorder" | "clock" | "env">,
): StageRecord {
  const scope = `run:${run.store.id}/${stage.id}`;
  const trace = newSpanIdentity(env, runTrace);
  const startedAt = clock.now();
  const about = aboutStage(run, stage, startedAt);
  const sessionTrace = () => newSpanIdentity(env, trace);
  let isBegun = false;
  let isEnded = false;
  return {
    scope,
    trace,
    startedAt,
    begin() {
      const { persona, chatmode } = stage;
      isBegun = true;
      recorder.record("persona.switched", scope, sessionTrace(), {
        persona,
        chatmode,
        startedAt,
        idleTimeoutMs: RUN_IDLE_TIMEOUT_MS,
      });
      return recorder.record("stage.started", scope, trace, about);
    },
    end({ result, attempts, outputs, error }, stderrTail) {
      if (isEnded) return;
      isEnded = true;
      recorder.record("stage.finished", scope, trace, {
        ...about,
        result,
        attempts,
        outputs: Object.keys(outputs),
        ...(error === undefined ? {} : { error }),
        ...(error === undefined || stderrTail.length === 0 ? {} : { stderrTail: newest(stderrTail) }),
      });
      if (isBegun) recorder.record("persona.ended", scope, sessionTrace(), {});
    },
  };
}

/** Beside it stand 1,000 outputs' keys of 64 characters, and a fact has room for 256 KiB. */
const TAIL_BYTES = 128 * 1024;

/** The last lines that fit: a control character takes six bytes in JSON. */
function newest(lines: readonly string[]): readonly string[] {
  let left = TAIL_BYTES;
  let first = lines.length;
  for (; first > 0; first--) {
    left -= Buffer.byteLength(JSON.stringify(lines[first - 1]));
    if (left < 0) break;
  }
  return lines.slice(first);
}

/** What every fact of a stage says of it. */
export function aboutStage(run: Run, stage: Stage, startedAt: number): StageStarted {
  const { id, persona, chatmode } = stage;
  return { runId: run.store.id, workflow: run.workflow.name, stage: id, persona, chatmode, startedAt };
}
