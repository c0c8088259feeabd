import type { Home } from "../core/home.ts";
import type { SpanIdentity } from "../core/span.ts";
import { appendFact, type Place } from "../journal/append.ts";
import { type FactContext, makeFact } from "../journal/make-fact.ts";
import type {
  GateChecked,
  ProcessFinished,
  ProcessStarted,
  RunFinished,
  RunStarted,
  StageFinished,
  StageStarted,
} from "../projection/run-facts.ts";

/** Data by type: what a run and a command under a persona write down. */
interface RunFacts {
  "persona.switched": {
    readonly persona: string;
    readonly chatmode: string;
    readonly startedAt: number;
    readonly idleTimeoutMs: number;
  };
  "persona.ended": Readonly<Record<string, never>>;
  "run.started": RunStarted;
  "run.finished": RunFinished;
  "stage.started": StageStarted;
  "stage.finished": StageFinished;
  "process.started": ProcessStarted;
  "process.finished": ProcessFinished;
  "gate.checked": GateChecked;
}

/**
 * Of a session in a scope of its own: it ends with its work, however long that takes without a fact. Only one whose
 * process was killed is over when so much time has passed.
 */
export const RUN_IDLE_TIMEOUT_MS = 7 * 24 * 3_600_000;

export interface RecorderContext extends FactContext {
  readonly home: Home;
  readonly segmentBytes: number;
  /** Told of the first fact that could not be written. The work goes on: it is what the user came for. */
  readonly onTrouble: (error: unknown) => void;
}

/** Writes facts of a scope; where it cannot, says so once and goes on. */
export interface Recorder {
  record<Type extends keyof RunFacts>(
    type: Type,
    scope: string,
    trace: SpanIdentity,
    data: RunFacts[Type],
  ): Place | undefined;
  /** Whether a fact could not be written, which was told then. */
  isTroubled(): boolean;
}

export function createRecorder(context: RecorderContext): Recorder {
  let isTroubled = false;
  return {
    isTroubled: () => isTroubled,
    record(type, scope, trace, data) {
      try {
        const fact = makeFact(context, { type, scope, trace, data });
        return appendFact({ dir: context.home.journal, segmentBytes: context.segmentBytes }, fact);
      } catch (error) {
        if (!isTroubled) context.onTrouble(error);
        isTroubled = true;
        return undefined;
      }
    },
  };
}
