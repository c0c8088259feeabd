import { didYouMean } from "../core/did-you-mean.ts";
import type { Failure } from "../core/errors.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { Stage, Workflow } from "./definition.ts";
import { ancestorsOf, descendantsOf } from "./graph.ts";

/**
 * Stages by when they can begin at the earliest: those of the first level need nothing, those of each other one a
 * stage of the level before. Within a level in the order of the file.
 */
export function stageLevels(stages: readonly Stage[]): readonly (readonly Stage[])[] {
  const levels: Stage[][] = [];
  const placed = new Set<string>();
  while (placed.size < stages.length) {
    const level = stages.filter(
      ({ id, needs }) => !placed.has(id) && needs.every((need) => placed.has(need)),
    );
    if (level.length === 0) throw new Error("stages that wait for each other");
    for (const { id } of level) placed.add(id);
    levels.push(level);
  }
  return levels;
}

/** Every stage after all that it needs, and otherwise in the order of the file. */
export function topologicalOrder(stages: readonly Stage[]): readonly Stage[] {
  const ordered: Stage[] = [];
  const open = [...stages];
  while (open.length > 0) {
    const next = open.findIndex(({ needs }) => needs.every((need) => ordered.some(({ id }) => id === need)));
    const [stage] = next === -1 ? [] : open.splice(next, 1);
    if (stage === undefined) throw new Error("stages that wait for each other");
    ordered.push(stage);
  }
  return ordered;
}

/** A stage and all that wait for it, in the order of the file: what has to be done again when it is. */
export function stagesAfter(stages: readonly Stage[], id: string): readonly Stage[] {
  const after = descendantsOf(stages, id);
  return stages.filter((stage) => stage.id === id || after.has(stage.id));
}

/** All that has to be over before a stage begins, in the order of the file. */
export function stagesBefore(stages: readonly Stage[], id: string): readonly Stage[] {
  const before = ancestorsOf(stages, id);
  return stages.filter((stage) => before.has(stage.id));
}

export interface Selection {
  /** In the order of the file. */
  readonly run: readonly Stage[];
  /** Taken as done. */
  readonly reused: readonly Stage[];
}

/**
 * `--from <stage>`: what stands before that stage is taken as done. A stage beside it, which it does not need, is run:
 * nothing says that it has been done.
 */
export function selectFrom({ name, stages }: Workflow, from: string): Result<Selection, Failure> {
  if (!stages.some(({ id }) => id === from)) {
    const ids = stages.map(({ id }) => id);
    const [nearest] = didYouMean(from, ids);
    return err({
      reason: "unknown-stage",
      message: `${name} has no stage "${from}", but ${ids.join(", ")}.`,
      hint: nearest === undefined ? `See: tta-persona workflow show ${name}` : `Did you mean ${nearest}?`,
    });
  }
  const reused = stagesBefore(stages, from);
  return ok({ run: stages.filter((stage) => !reused.includes(stage)), reused });
}

/**
 * `skipped` is by the stage's own condition, and those after it go on; `unreachable` is a stage that is not done
 * because something it needs has failed.
 */
export type StageState = "waiting" | "running" | "passed" | "skipped" | "failed" | "unreachable";

export interface NextStages {
  /** To be started now, in the order of the file; no more than there is room for. */
  readonly start: readonly Stage[];
  /** Waiting ones that can never start, each after those it needs. */
  readonly unreachable: readonly Stage[];
}

/**
 * What to do next. Nothing to start while nothing is running means that the run is over.
 *
 * @param states by stage; `waiting` where it says nothing
 * @param maxParallel at least 1
 */
export function nextStages(
  { stages }: Pick<Workflow, "stages">,
  states: ReadonlyMap<string, StageState>,
  maxParallel: number,
): NextStages {
  const stateOf = (id: string): StageState => states.get(id) ?? "waiting";
  const isWaiting = ({ id }: Stage): boolean => stateOf(id) === "waiting";

  const lost = new Set(stages.map(({ id }) => id).filter((id) => isLost(stateOf(id))));
  const unreachable: Stage[] = [];
  for (const stage of topologicalOrder(stages).filter(isWaiting)) {
    if (!stage.needs.some((need) => lost.has(need))) continue;
    lost.add(stage.id);
    unreachable.push(stage);
  }

  const ready = stages.filter(
    (stage) => isWaiting(stage) && stage.needs.every((need) => isDone(stateOf(need))),
  );
  const running = stages.filter(({ id }) => stateOf(id) === "running").length;
  return { start: ready.slice(0, Math.max(0, maxParallel - running)), unreachable };
}

const isDone = (state: StageState): boolean => state === "passed" || state === "skipped";
const isLost = (state: StageState): boolean => state === "failed" || state === "unreachable";
