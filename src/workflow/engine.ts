import type { SpanIdentity } from "../core/span.ts";
import { newSpanIdentity } from "../core/trace-context.ts";
import type { PlannedStage, RunResult, RunStarted } from "../projection/run-facts.ts";
import type { Stage } from "./definition.ts";
import type { EngineContext, Run, StageOutcome } from "./engine-context.ts";
import { type NextStages, nextStages, type StageState } from "./plan.ts";
import { outcomeWithoutWork, runStage, skipStage, tellFinished } from "./run-stage.ts";
import type { Outputs } from "./run-store.ts";

export interface RunOptions {
  /** Stages that are not run again, with what they handed on. */
  readonly reused: ReadonlyMap<string, Outputs>;
  readonly maxParallel: number;
  /** The span of the run, decided before. */
  readonly trace: SpanIdentity;
  readonly resumes: RunStarted["resumes"] | undefined;
  /** When the command began. */
  readonly startedAt: number;
}

export interface RunOutcome {
  readonly result: RunResult;
  /** In the order of the definition. */
  readonly stages: readonly StageOutcome[];
  readonly startedAt: number;
  readonly endedAt: number;
}

/**
 * Runs a workflow's stages, each as soon as what it needs is done, up to `maxParallel` at once. A failure keeps those
 * from running that need the stage, and no others; a request to stop keeps all. Never rejects for what a stage does.
 */
export async function runWorkflow(
  run: Run,
  options: RunOptions,
  context: EngineContext,
): Promise<RunOutcome> {
  const { recorder, clock, cancellation } = context;
  const { workflow, store } = run;
  const { trace, resumes, startedAt } = options;
  const scope = `run:${store.id}`;
  const about = { runId: store.id, workflow: workflow.name, startedAt };
  recorder.record("run.started", scope, trace, {
    ...about,
    stages: workflow.stages.map((stage) => plannedStage(stage, options.reused.has(stage.id))),
    ...(resumes === undefined ? {} : { resumes }),
  });

  const skip = (stage: Stage) => skipStage(run, stage, newSpanIdentity(context.env, trace), true, context);
  const outcomes = new Map<string, StageOutcome>();
  for (const stage of workflow.stages) {
    const outputs = options.reused.get(stage.id);
    if (outputs === undefined) continue;
    run.outputs.set(stage.id, outputs);
    const known = { result: "success", isBlocked: false, isReused: true, outputs } as const;
    const outcome = outcomeWithoutWork(stage, clock.now(), known);
    outcomes.set(stage.id, outcome);
    tellFinished(outcome, context);
  }
  const running = new Map<string, Promise<StageOutcome>>();
  for (;;) {
    const isCancelled = cancellation.requested() !== undefined;
    const states = statesOf(outcomes, running);
    const next = isCancelled ? nothing : nextStages(workflow, states, options.maxParallel);
    for (const stage of next.start) running.set(stage.id, runStage(run, stage, trace, context));
    for (const stage of next.unreachable) outcomes.set(stage.id, skip(stage));
    if (running.size === 0) break;
    const outcome = await Promise.race(running.values());
    running.delete(outcome.stage.id);
    outcomes.set(outcome.stage.id, outcome);
  }
  const stages = workflow.stages.map((stage) => outcomes.get(stage.id) ?? skip(stage));
  const result = cancellation.requested() === undefined ? resultOf(stages) : "cancellation";
  recorder.record("run.finished", scope, trace, { ...about, result });
  return { result, stages, startedAt, endedAt: clock.now() };
}

const nothing: NextStages = { start: [], unreachable: [] };

function statesOf(
  outcomes: ReadonlyMap<string, StageOutcome>,
  running: ReadonlyMap<string, unknown>,
): ReadonlyMap<string, StageState> {
  const states = new Map<string, StageState>();
  for (const id of running.keys()) states.set(id, "running");
  for (const [id, { result, isBlocked }] of outcomes) {
    if (result === "success") states.set(id, "passed");
    else if (result === "skip") states.set(id, isBlocked ? "unreachable" : "skipped");
    else states.set(id, "failed");
  }
  return states;
}

function hasFailed({ result }: StageOutcome): boolean {
  return result !== "success" && result !== "skip";
}

/** What went wrong first decides; a run of which nothing was run is skipped. */
function resultOf(stages: readonly StageOutcome[]): RunResult {
  const failed = stages.filter(hasFailed).sort((a, b) => a.endedAt - b.endedAt)[0];
  if (failed !== undefined) return failed.result;
  return stages.some(({ result }) => result === "success") ? "success" : "skip";
}

function plannedStage({ id, persona, chatmode, needs, gates }: Stage, reused: boolean): PlannedStage {
  const names = gates.map(({ name }) => name);
  return { id, persona, chatmode, needs, gates: names, ...(reused ? { reused } : {}) };
}
