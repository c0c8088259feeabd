import { UserError } from "../../core/errors.ts";
import type { Home } from "../../core/home.ts";
import type { Stage, Workflow } from "../../workflow/definition.ts";
import { camelCase } from "../../workflow/names.ts";
import { parseParameters } from "../../workflow/parameters.ts";
import { selectFrom } from "../../workflow/plan.ts";
import type { Outputs, StoredRun } from "../../workflow/run-store.ts";
import { listStoredRuns } from "../../workflow/run-store.ts";
import type { CliContext } from "../context.ts";
import { quote } from "../printable.ts";

/** What a run is started with, once everything about it has been checked. */
export interface PreparedRun {
  readonly workflow: Workflow;
  readonly parameters: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Stages that are not run again, with what they handed on. */
  readonly reused: ReadonlyMap<string, Outputs>;
  readonly resumes: StoredRun | undefined;
}

export interface RunRequest {
  /** Options by camel-case name; of the workflow's parameters, those that were given. */
  readonly given: Readonly<Record<string, string | boolean | undefined>>;
  /** True for the latest one, an id or the beginning of one, or nothing. */
  readonly resume: string | boolean | undefined;
  readonly from: string | undefined;
}

/** @throws UserError for everything that is wrong with it; nothing has been touched then. */
export function prepareRun(workflow: Workflow, request: RunRequest, ctx: CliContext): PreparedRun {
  const cwd = ctx.cwd();
  const from = request.from === undefined ? undefined : stagesTakenAsDone(request.from, workflow);
  if (request.resume === undefined || request.resume === false) {
    const parameters = parseParameters(workflow, request.given, cwd);
    if (!parameters.ok) throw new UserError(parameters.error);
    const last = from === undefined ? undefined : storedRuns(workflow, cwd, ctx.home)[0];
    return {
      workflow,
      parameters: parameters.value,
      cwd,
      reused: from === undefined ? new Map() : outputsOf(from, last?.stages ?? new Map()),
      resumes: undefined,
    };
  }
  const resumes = findStoredRun(workflow, request.resume, cwd, ctx);
  if (resumes.isAlive) {
    throw new UserError({
      reason: "run-alive",
      message: `The run ${resumes.id} is still going on (pid ${resumes.record.owner.pid}).`,
      hint: `See: tta-persona runs show ${resumes.id}`,
    });
  }
  const parameters = resumedParameters(workflow, request.given, resumes, cwd);
  const known = new Set(workflow.stages.map(({ id }) => id));
  const finished = new Map([...resumes.stages].filter(([stage]) => known.has(stage)));
  return {
    workflow,
    parameters,
    cwd,
    reused: from === undefined ? finished : outputsOf(from, finished),
    resumes,
  };
}

/** What stands before `--from` counts as done, with what it handed on the last time, as far as that is known. */
function outputsOf(
  stages: readonly Stage[],
  known: ReadonlyMap<string, Outputs>,
): ReadonlyMap<string, Outputs> {
  return new Map(stages.map(({ id }) => [id, known.get(id) ?? {}]));
}

function stagesTakenAsDone(from: string, workflow: Workflow): readonly Stage[] {
  const selection = selectFrom(workflow, from);
  if (!selection.ok) throw new UserError(selection.error);
  return selection.value.reused;
}

/** What can be resumed of a workflow in a directory, the newest first. */
export function storedRuns(workflow: Workflow, cwd: string, home: Home): readonly StoredRun[] {
  return listStoredRuns(home.runs).filter(
    ({ record }) => record.workflow === workflow.name && record.cwd === cwd,
  );
}

function findStoredRun(workflow: Workflow, wanted: string | true, cwd: string, ctx: CliContext): StoredRun {
  const runs = storedRuns(workflow, cwd, ctx.home);
  const found = wanted === true ? runs.slice(0, 1) : runs.filter(({ id }) => id.startsWith(wanted));
  const [run, other] = found;
  if (run !== undefined && other === undefined) return run;
  const which = wanted === true ? "" : ` ${quote(wanted)}`;
  throw new UserError({
    reason: other === undefined ? "no-such-run" : "ambiguous-run",
    message:
      other === undefined
        ? `There is no unfinished run${which} of ${workflow.name} in ${cwd}.`
        : `More than one run begins with ${quote(String(wanted))}.`,
    hint: "See: tta-persona runs list",
  });
}

/** A run goes on with the parameters that it was started with; what its workflow has got since is filled in. */
function resumedParameters(
  workflow: Workflow,
  given: RunRequest["given"],
  { id, record }: StoredRun,
  cwd: string,
): Readonly<Record<string, string>> {
  const before = Object.entries(record.parameters).map(([name, value]) => [camelCase(name), value] as const);
  const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const parsed = parseParameters(workflow, { ...Object.fromEntries(before), ...named }, cwd);
  if (!parsed.ok) throw new UserError(parsed.error);
  const changed = workflow.parameters.find(({ name, required, default: byDefault }) => {
    if (!Object.hasOwn(named, camelCase(name))) return false;
    if (Object.hasOwn(record.parameters, name)) return parsed.value[name] !== record.parameters[name];
    // One that always has a value and had none then is new.
    return !required && byDefault === undefined;
  });
  if (changed === undefined) return { ...parsed.value, ...record.parameters };
  const how = Object.hasOwn(record.parameters, changed.name) ? "with another" : "without";
  throw new UserError({
    reason: "parameters-differ",
    message: `The run ${id} was started ${how} --${changed.name}.`,
    hint: "Leave the parameters out, or start a new run without --resume.",
  });
}
