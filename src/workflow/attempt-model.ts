import { newSpanIdentity } from "../core/trace-context.ts";
import type { AttemptEnd } from "./attempt.ts";
import type { ModelWork } from "./definition.ts";
import { missingOutput, type WorkError } from "./do-work.ts";
import type { EngineContext } from "./engine-context.ts";
import { outputsOfAnswer } from "./model-answer.ts";
import type { StageCall } from "./model-call.ts";
import { modelPrompt } from "./model-prompt.ts";
import type { StageRun } from "./run-stage.ts";
import { createStopSignal } from "./stop-signal.ts";

/** Asks a model once for a stage. The answer goes to the stage's log while it comes. */
export async function attemptModel(
  stageRun: StageRun,
  work: ModelWork,
  context: EngineContext,
): Promise<AttemptEnd> {
  const { run, stage, trace, log } = stageRun;
  const stop = createStopSignal(stage.timeoutMs, context.cancellation);
  let wasAsked = false;
  const fail = (error: WorkError): AttemptEnd => ({
    outputs: {},
    error: stop.reason() ?? error,
    exitCode: undefined,
    wasAsked,
  });
  try {
    const built = await modelPrompt(work, stage, run, stop.signal, context);
    if (!built.ok) return fail(built.error);
    const reason = stop.reason();
    if (reason !== undefined) return fail(reason);
    const { messages, prompt, check } = built.value;
    const { model, temperature, maxTokens, taskType } = work;
    const answer = await context.models.call(
      {
        place: placeOf(stageRun),
        trace: newSpanIdentity(context.env, trace),
        messages,
        ...(model === undefined ? {} : { model }),
        ...(temperature === undefined ? {} : { temperature }),
        ...(maxTokens === undefined ? {} : { maxTokens }),
        ...(taskType === undefined ? {} : { taskType }),
        ...(prompt === undefined ? {} : { prompt }),
      },
      { signal: stop.signal, onText: (text) => log.write("stdout", Buffer.from(text)) },
    );
    wasAsked = answer.wasAsked;
    if (answer.text !== "" && !answer.text.endsWith("\n")) log.write("stdout", Buffer.from("\n"));
    for (const note of answer.notes) log.write("stderr", Buffer.from(`${note}\n`));
    if (answer.error !== undefined) return fail(answer.error);
    const outputs = outputsOfAnswer(answer.text, check);
    if (!outputs.ok) return fail({ type: "bad_output", message: outputs.error });
    const error = missingOutput(stage.outputs, outputs.value);
    return { outputs: outputs.value, error, exitCode: undefined, wasAsked };
  } finally {
    stop.end();
  }
}

/** Whose a stage's calls are. */
export function placeOf({
  run,
  stage,
  scope,
}: Pick<StageRun, "run" | "stage" | "scope">): StageCall["place"] {
  const { persona, chatmode, id } = stage;
  return {
    persona,
    chatmode,
    scope,
    run: { workflow: run.workflow.name, runId: run.store.id, stage: id },
  };
}
