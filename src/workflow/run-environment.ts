import { dirname } from "node:path";
import type { Failure } from "../core/errors.ts";
import type { Result } from "../core/result.ts";
import type { SpanIdentity } from "../core/span.ts";
import { baggageFromEnvironment } from "../core/trace-context.ts";
import type { Stage } from "./definition.ts";
import type { EngineContext, Run } from "./engine-context.ts";
import { stagesBefore } from "./plan.ts";
import type { Outputs } from "./run-store.ts";
import { stageEnvironment } from "./stage-environment.ts";

/**
 * The environment of a process of a stage: its persona's policy, the run's data, and the span it belongs to. Commands of
 * this program in it write down what they measure, and leave its delivery to the run, unless the stage's own variables
 * say otherwise.
 */
export function environmentOf(
  run: Run,
  stage: Stage,
  trace: SpanIdentity,
  more: Readonly<Record<string, string>>,
  context: EngineContext,
): Result<Record<string, string>, Failure> {
  const { allowEnvironmentAccess, alsoAllowedBy, blockList } = context.persona(stage.persona);
  return stageEnvironment({
    // The run delivers what commands in its stages measure. They may not see what it takes to reach a backend, and
    // would take the lease to fail with what they do see.
    env: { ...context.env, TTA_PERSONA_DELIVERY: "off" },
    policy: { allowEnvironmentAccess, alsoAllowedBy, blockList },
    parameters: run.parameters,
    outputs: outputsBefore(run, stage),
    stageEnv: stage.env,
    trace,
    baggage: baggageFromEnvironment(context.env),
    extra: {
      TTA_PERSONA: stage.persona,
      TTA_CHATMODE: stage.chatmode,
      TTA_SCOPE: `run:${run.store.id}/${stage.id}`,
      TTA_RUN_ID: run.store.id,
      TTA_STAGE: stage.id,
      TTA_WORKFLOW: run.workflow.name,
      TTA_WORKFLOW_DIR: dirname(run.workflow.origin.file),
      ...more,
    },
  });
}

/** Of the stages that this one waits for; what others have handed on by now is a matter of chance. */
function outputsBefore({ workflow, outputs }: Run, { id }: Stage): Readonly<Record<string, Outputs>> {
  return Object.fromEntries(
    stagesBefore(workflow.stages, id).map((stage) => [stage.id, outputs.get(stage.id) ?? {}]),
  );
}
