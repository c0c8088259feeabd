import { steadyClock } from "../../core/clock.ts";
import { errorCode, UserError } from "../../core/errors.ts";
import { createMasker } from "../../core/mask.ts";
import { currentOwner } from "../../core/owner.ts";
import type { SpanIdentity } from "../../core/span.ts";
import { newSpanIdentity } from "../../core/trace-context.ts";
import { loadCatalogue } from "../../persona/catalogue.ts";
import type { Cancellation } from "../../workflow/cancellation.ts";
import type { WorkflowEntry } from "../../workflow/catalogue.ts";
import { checkPersonas } from "../../workflow/definition-file.ts";
import { type RunOutcome, runWorkflow } from "../../workflow/engine.ts";
import type { EngineContext, StagePersona } from "../../workflow/engine-context.ts";
import { endProcessesOfRun } from "../../workflow/leftovers.ts";
import { endLeftoverGroup } from "../../workflow/process-group.ts";
import type { Recorder } from "../../workflow/recorder.ts";
import { createRun, pruneStoredRuns, removeStoredRun, takeStoredRun } from "../../workflow/run-store.ts";
import type { CliContext } from "../context.ts";
import { findPersona, personaPlaces, problemLine } from "../find-persona.ts";
import { maskingOf } from "../masking.ts";
import { keptVariables, stagePersona } from "../persona-for-stage.ts";
import type { RunView } from "./plain-view.ts";
import { type PreparedRun, storedRuns } from "./prepare.ts";
import { secretsOfRun } from "./secrets-of-run.ts";
import { createStageModels } from "./stage-models.ts";
import { lazyStagePrompts } from "./stage-prompts.ts";

/** How long a stage's process may take to end after a signal. */
const GRACE_MS = 5000;

export interface Execution {
  readonly runId: string;
  readonly trace: SpanIdentity;
  readonly outcome: RunOutcome;
  /** What it takes to go on with it was kept. */
  readonly isResumable: boolean;
}

export interface ExecutionOptions {
  readonly view: RunView;
  readonly cancellation: Cancellation;
  readonly recorder: Recorder;
  readonly maxParallel: number;
  readonly confirm: EngineContext["confirm"];
}

/** The personas of all stages. @throws UserError for one that is not there, before anything has begun. */
export function personasOf(entry: WorkflowEntry, ctx: CliContext): ReadonlyMap<string, StagePersona> {
  const catalogue = loadCatalogue(personaPlaces(ctx));
  // A broken one is there, and told as such below.
  const known = [...catalogue.personas.map(({ name }) => name), ...catalogue.broken.keys()];
  const [problem] = checkPersonas(entry, known);
  if (problem !== undefined) {
    const { hint } = problem;
    throw new UserError({ reason: "unknown-persona", message: problemLine(problem), hint });
  }
  const names = new Set(entry.workflow.stages.map(({ persona }) => persona));
  const personas = [...names].map((name) => [name, findPersona(name, ctx, catalogue)] as const);
  for (const [name, persona] of personas) {
    const kept = keptVariables(persona);
    if (kept !== undefined) ctx.output.note(`stages of ${name} get ${kept}`);
  }
  return new Map(personas.map(([name, persona]) => [name, stagePersona(persona)]));
}

/** Runs what was prepared. @throws the system's error when not even its own files can be written. */
export async function executeRun(
  prepared: PreparedRun,
  personas: ReadonlyMap<string, StagePersona>,
  options: ExecutionOptions,
  ctx: CliContext,
): Promise<Execution> {
  const { workflow, parameters, cwd, reused, resumes } = prepared;
  const { home, env, settings } = ctx;
  const trace = newSpanIdentity(env);
  const { traceId, spanId } = trace;
  const startedAt = ctx.clock.now();
  if (resumes !== undefined && !takeStoredRun(home.runs, resumes.id, currentOwner())) {
    throw new UserError({
      reason: "run-taken",
      message: `Another process goes on with the run ${resumes.id}, or has done so.`,
      hint: "See: tta-persona runs list",
    });
  }
  pruneStoredRuns(home.runs, startedAt - settings.retention.ageMs);
  // What the killed run has left behind would work against this one.
  await Promise.all(
    (resumes?.processes ?? []).map(({ pid, start }) => endLeftoverGroup(pid, start, GRACE_MS)),
  );
  if (resumes !== undefined) await endProcessesOfRun(resumes.id, GRACE_MS);
  const store = createRun(
    home.runs,
    {
      workflow: workflow.name,
      cwd,
      parameters,
      owner: currentOwner(),
      startedAt,
      trace: { traceId, spanId },
      ...(resumes === undefined ? {} : { resumes: resumes.id }),
    },
    reused,
  );
  // All that it knew is in the new one: it must not be resumed a second time, also not while this one is going on.
  if (resumes !== undefined) removeStoredRun(home.runs, resumes.id);
  const masker = createMasker(maskingOf(ctx, secretsOfRun(prepared, ctx)));
  const outcome = await runWorkflow(
    { workflow, store, cwd, parameters, outputs: new Map() },
    {
      reused,
      maxParallel: options.maxParallel,
      trace,
      startedAt,
      resumes: resumes && { runId: resumes.id, ...resumes.record.trace },
    },
    {
      home,
      env,
      clock: steadyClock(ctx.clock),
      recorder: options.recorder,
      masker,
      cancellation: options.cancellation,
      observer: options.view,
      agentCommand: settings.agentCommand,
      confirm: options.confirm,
      persona(name) {
        const persona = personas.get(name);
        if (persona === undefined) throw new Error(`no persona ${name}`);
        return persona;
      },
      models: createStageModels(ctx, masker, options.view),
      prompts: lazyStagePrompts(ctx),
      graceMs: GRACE_MS,
    },
  );
  const isResumable =
    !hasNothingToResume(outcome) && !(failedAtOnce(outcome) && hidesAnother(store.id, prepared, ctx));
  try {
    if (!isResumable) store.remove();
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    ctx.output.note(`what is not needed any more is still in ${home.runs} (${code})`);
  }
  return { runId: store.id, trace, outcome, isResumable };
}

const hasNothingToResume = ({ result }: RunOutcome) => result === "success" || result === "skip";

/** As one that was refused. A run that was cancelled or took too long may have come far. */
function failedAtOnce({ result, stages }: RunOutcome): boolean {
  return (result === "failure" || result === "error") && !stages.some((stage) => stage.result === "success");
}

/** Whether there is an older run to resume, which `--resume` would not find any more. */
function hidesAnother(id: string, { workflow, cwd }: PreparedRun, { home }: CliContext): boolean {
  return storedRuns(workflow, cwd, home).some((run) => run.id !== id);
}
