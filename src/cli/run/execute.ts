import { steadyClock } from "../../core/clock.ts";
import { createMasker } from "../../core/mask.ts";
import { currentOwner } from "../../core/owner.ts";
import { secretValuesOf } from "../../core/secret-values.ts";
import type { SpanIdentity } from "../../core/span.ts";
import { newSpanIdentity } from "../../core/trace-context.ts";
import type { Cancellation } from "../../workflow/cancellation.ts";
import type { Stage } from "../../workflow/definition.ts";
import { type RunOutcome, runWorkflow } from "../../workflow/engine.ts";
import type { Confirmation, StagePersona } from "../../workflow/engine-context.ts";
import { endLeftoverGroup } from "../../workflow/process-group.ts";
import { createRun, pruneStoredRuns, removeStoredRun } from "../../workflow/run-store.ts";
import type { CliContext } from "../context.ts";
import { findPersona } from "../find-persona.ts";
import { recorderFor } from "../long-work.ts";
import { stagePersona } from "../persona-for-stage.ts";
import type { RunView } from "./plain-view.ts";
import { type PreparedRun, storedRuns } from "./prepare.ts";

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
  readonly maxParallel: number;
  readonly confirm: (stage: Stage, item: string) => Promise<Confirmation>;
}

/** The personas of all stages. @throws UserError for one that is not there, before anything has begun. */
export function personasOf(stages: readonly Stage[], ctx: CliContext): ReadonlyMap<string, StagePersona> {
  return new Map(stages.map(({ persona }) => [persona, stagePersona(findPersona(persona, ctx))]));
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
  pruneStoredRuns(home.runs, startedAt - settings.retention.ageMs);
  // What the killed run has left behind would work against this one.
  for (const { pid, start } of resumes?.processes ?? []) await endLeftoverGroup(pid, start, GRACE_MS);
  const store = createRun(
    home.runs,
    {
      workflow: workflow.name,
      cwd,
      parameters,
      owner: currentOwner(),
      startedAt,
      trace: { traceId, spanId },
    },
    reused,
  );
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
      recorder: recorderFor(ctx),
      masker: createMasker({ secretValues: secretValuesOf(env) }),
      cancellation: options.cancellation,
      observer: options.view,
      agentCommand: settings.agentCommand,
      confirm: options.confirm,
      persona(name) {
        const persona = personas.get(name);
        if (persona === undefined) throw new Error(`no persona ${name}`);
        return persona;
      },
      graceMs: GRACE_MS,
    },
  );
  if (resumes !== undefined) removeStoredRun(home.runs, resumes.id);
  const isResumable =
    !hasNothingToResume(outcome) && !(failedAtOnce(outcome) && hidesAnother(store.id, prepared, ctx));
  if (!isResumable) store.remove();
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
