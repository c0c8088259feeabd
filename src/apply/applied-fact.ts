import type { Clock } from "../core/clock.ts";
import type { Environment } from "../core/environment.ts";
import type { Home } from "../core/home.ts";
import { appendFact } from "../journal/append.ts";
import { makeFact } from "../journal/make-fact.ts";
import type { Outcome, TargetResult } from "./result.ts";

/** `persona.applied`: what became of the files of agent tools. Holds nothing of what stands in them. */
export interface PersonaApplied {
  readonly persona: string;
  readonly targets: readonly {
    readonly client: string;
    readonly file: string | null;
    readonly outcome: Outcome;
    readonly reason: string | null;
  }[];
}

export interface RecordContext {
  readonly home: Home;
  readonly env: Environment;
  readonly clock: Clock;
  readonly version: string;
  readonly segmentBytes: number;
  /** Of the switch that is applied. */
  readonly scope: string;
}

/** @throws the system's error. */
export function recordApplied(
  context: RecordContext,
  persona: string,
  results: readonly TargetResult[],
): void {
  const data: PersonaApplied = {
    persona,
    targets: results.map(({ client, file, outcome, reason }) => ({ client, file, outcome, reason })),
  };
  const fact = makeFact(context, { type: "persona.applied", scope: context.scope, data });
  appendFact({ dir: context.home.journal, segmentBytes: context.segmentBytes }, fact);
}
