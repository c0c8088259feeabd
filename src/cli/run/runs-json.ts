import { isProvablyDead } from "../../core/owner.ts";
import { type RunRecord, runState, type StageRecord } from "../../projection/runs.ts";
import type { RunsShowJson } from "../run-shapes.ts";
import { gateJson } from "./gate-json.ts";

/** How a run stands now: one whose process is gone without an end was interrupted. */
export function stateOf(run: RunRecord): RunsShowJson["state"] {
  return runState(run, isProvablyDead);
}

/** A stage that ran when its run was interrupted was interrupted with it. */
export function stageStateOf(stage: StageRecord, run: RunRecord): RunsShowJson["stages"][number]["state"] {
  return stage.state === "running" && stateOf(run) === "interrupted" ? "interrupted" : stage.state;
}

export function runShowJson(run: RunRecord): RunsShowJson {
  return {
    schema: "tta-persona/runs-show/1",
    runId: run.runId,
    workflow: run.workflow,
    state: stateOf(run),
    startedAt: iso(run.startedAt),
    durationSeconds: seconds(run.startedAt, run.finishedAt),
    resumes: run.resumes ?? null,
    resumedBy: run.resumedBy ?? null,
    traceId: run.trace.traceId,
    stages: run.stages.map((stage) => ({
      id: stage.id,
      persona: stage.persona,
      chatmode: stage.chatmode,
      needs: [...stage.needs],
      reused: stage.reused,
      state: stageStateOf(stage, run),
      startedAt: stage.startedAt === undefined ? null : iso(stage.startedAt),
      durationSeconds: stage.startedAt === undefined ? null : seconds(stage.startedAt, stage.finishedAt),
      attempts: stage.attempts.map(({ attempt, executable, pid, startedAt, finishedAt, exitCode }) => ({
        attempt,
        executable,
        pid,
        startedAt: iso(startedAt),
        durationSeconds: seconds(startedAt, finishedAt),
        exitCode: exitCode ?? null,
      })),
      gates: stage.gates.map(gateJson),
      outputs: [...stage.outputs],
      error: stage.error ?? null,
    })),
  };
}

const iso = (ms: number) => new Date(ms).toISOString();

function seconds(from: number, to: number | undefined): number | null {
  return to === undefined ? null : Math.max(0, to - from) / 1000;
}
