import { envValue } from "../core/environment.ts";
import type { GateChecked } from "../projection/run-facts.ts";
import { own } from "./conditions.ts";
import type { Gate } from "./definition.ts";
import type { EngineContext } from "./engine-context.ts";
import { checkPromql, type PromqlCheck } from "./gate-promql.ts";
import { checkScore, type ScoreVerdict } from "./gate-score.ts";
import { checkValue, type Verdict } from "./gate-value.ts";
import { runScript } from "./run-script.ts";
import type { StageRun } from "./run-stage.ts";
import type { Outputs } from "./run-store.ts";
import { createStageLog } from "./stage-log.ts";
import { gateLogPath } from "./stage-log-path.ts";
import { thrownError, told } from "./told.ts";

/**
 * Checks every gate, also after one has failed, so that one look tells all that is wrong. Each is a fact. Those that
 * were not checked since the run is to stop are missing.
 */
export async function checkGates(
  stageRun: StageRun,
  outputs: Outputs,
  context: EngineContext,
): Promise<readonly GateChecked[]> {
  const { run, stage, scope, trace } = stageRun;
  const checked: GateChecked[] = [];
  for (const gate of stage.gates) {
    if (context.cancellation.requested() !== undefined) break;
    const startedAt = context.clock.now();
    const { passed, detail, score, reason } = await checkGateSafely(gate, stageRun, outputs, context);
    // It was stopped, not found wanting.
    if (!passed && context.cancellation.requested() !== undefined) break;
    const fact: GateChecked = {
      runId: run.store.id,
      workflow: run.workflow.name,
      stage: stage.id,
      gate: gate.name,
      kind: gate.kind,
      result: passed ? "passed" : "failed",
      detail: told(detail, context.masker),
      startedAt,
      ...(score === undefined ? {} : { score }),
      ...(reason === undefined ? {} : { reason: told(reason, context.masker) }),
    };
    context.recorder.record("gate.checked", scope, trace, fact);
    context.observer.gateChecked(stage, fact);
    checked.push(fact);
  }
  return checked;
}

/** What keeps a gate from being checked is its failure: the others are checked all the same. */
async function checkGateSafely(...parameters: Parameters<typeof checkGate>): Promise<ScoreVerdict> {
  try {
    return await checkGate(...parameters);
  } catch (error) {
    return { passed: false, detail: thrownError(error).message };
  }
}

async function checkGate(
  gate: Gate,
  stageRun: StageRun,
  outputs: Outputs,
  context: EngineContext,
): Promise<ScoreVerdict> {
  switch (gate.kind) {
    case "run":
      return checkRun(gate, stageRun, context);
    case "value": {
      const { cwd, logFile } = stageRun;
      return checkValue(gate.source, gate.bounds, gate.optional, {
        cwd,
        logFile,
        outputs,
        masker: context.masker,
      });
    }
    case "score":
      return checkScore(gate, stageRun, outputs, context);
    case "promql": {
      const url = prometheusUrl(gate, stageRun, context);
      return url === undefined
        ? { passed: false, detail: "no Prometheus is named: set PROMETHEUS_URL" }
        : checkPromql(gate, url, context.clock, context.cancellation);
    }
  }
}

async function checkRun(
  gate: Extract<Gate, { readonly kind: "run" }>,
  { run, stage, cwd, trace, logFile }: StageRun,
  context: EngineContext,
): Promise<Verdict> {
  const script = { name: `${stage.id}.gate-${gate.name}`, text: gate.script, timeoutMs: gate.timeoutMs };
  const { masker, observer } = context;
  const log = createStageLog({
    path: gateLogPath(logFile, gate.name),
    masker,
    onLine: (_, text) => observer.line(stage, text),
  });
  const result = await runScript(run, stage, script, { cwd, trace }, log.write, context);
  log.close();
  if (!result.ok) return { passed: false, detail: result.error.message };
  const { exitCode, timedOut } = result.value;
  const late = timedOut ? `not over after ${(gate.timeoutMs ?? 0) / 1000} s` : undefined;
  return { passed: exitCode === 0 && !timedOut, detail: late ?? `exit code ${exitCode}` };
}

function prometheusUrl(check: PromqlCheck, { run }: StageRun, { env }: EngineContext): string | undefined {
  const { url } = check;
  const given = url === undefined ? undefined : "text" in url ? url.text : own(run.parameters, url.parameter);
  return given === undefined || given === "" ? envValue(env, "PROMETHEUS_URL") : given;
}
