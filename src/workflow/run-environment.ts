import { dirname } from "node:path";
import type { SpanIdentity } from "../core/span.ts";
import type { Stage } from "./definition.ts";
import type { EngineContext, Run } from "./engine-context.ts";
import { stageEnvironment } from "./stage-environment.ts";

/** The environment of a process of a stage: its persona's policy, the run's data, and the span it belongs to. */
export function environmentOf(
  run: Run,
  stage: Stage,
  trace: SpanIdentity,
  more: Readonly<Record<string, string>>,
  context: EngineContext,
): Record<string, string> {
  const { allowEnvironmentAccess, blockList } = context.persona(stage.persona);
  return stageEnvironment({
    env: context.env,
    policy: { allowEnvironmentAccess, blockList },
    parameters: run.parameters,
    outputs: Object.fromEntries(run.outputs),
    stageEnv: stage.env,
    trace,
    extra: {
      TTA_PERSONA: stage.persona,
      TTA_RUN_ID: run.store.id,
      TTA_STAGE: stage.id,
      TTA_WORKFLOW: run.workflow.name,
      TTA_WORKFLOW_DIR: dirname(run.workflow.origin.file),
      ...more,
    },
  });
}
