import { ExitCode, UserError } from "../../core/errors.ts";
import type { RunResult } from "../../projection/run-facts.ts";
import { loadWorkflows, type WorkflowEntry } from "../../workflow/catalogue.ts";
import type { Workflow } from "../../workflow/definition.ts";
import { camelCase } from "../../workflow/names.ts";
import { parameterFlags } from "../../workflow/parameters.ts";
import { type Command, type Invocation, optionText } from "../command.ts";
import type { CliContext } from "../context.ts";
import { assertFiles, findRunnableWorkflow, workflowPlaces } from "../find-workflow.ts";
import { deliverAfterRecording, deliverWhileRunning, recorderFor } from "../long-work.ts";
import { printable } from "../printable.ts";
import type { Execution } from "../run/execute.ts";
import type { PreparedRun } from "../run/prepare.ts";
import { cancelOnSignals, exitCodeOfSignal } from "../signals.ts";

const DEFAULT_PARALLEL = 4;

export const command: Command = {
  name: "run",
  summary: "Run a workflow: its stages, each under its persona, under tracing",
  description:
    "A workflow's parameters are options here: tta-persona run <workflow> --help shows them. " +
    "See tta-persona workflow list for the workflows there are.",
  arguments: [{ name: "workflow", doc: "its name", complete: "workflows" }],
  options: [
    { flags: "--dry-run", doc: "print the plan; nothing is touched, written down or sent" },
    { flags: "--from <stage>", doc: "begin there; what stands before counts as done" },
    { flags: "--resume [run]", doc: "go on with a run that did not succeed (default: the latest one here)" },
    { flags: "--max-parallel <n>", doc: `at most so many stages at once (default: ${DEFAULT_PARALLEL})` },
    { flags: "--yes", doc: "confirm every item of manual stages" },
  ],
  examples: [
    { command: "tta-persona run package-release --version 0.3.0", doc: "a release, without publishing" },
    { command: "tta-persona run package-release --version 0.3.0 --dry-run", doc: "what it would do" },
    { command: "tta-persona run package-release --resume", doc: "after the failure was mended" },
  ],
  exitCodes: {
    0: "every stage succeeded, or there was nothing to do",
    1: "a stage or a gate failed",
    "128+n": "stopped by signal n; the stages that ran were ended",
  },
  json: "tta-persona/run/1",
  completeOptions: "parameters",
  async specialize(args, ctx) {
    const name = workflowAmong(args, ctx);
    return name === undefined ? unnamed : commandOf(findRunnableWorkflow(name, ctx));
  },
};

/** Where no word names a workflow: the parser alone could not tell which ones there are. */
const unnamed: Command = {
  ...command,
  usage: "[options] <workflow>",
  arguments: (command.arguments ?? []).map((argument) => ({ ...argument, optional: true })),
  run({ args: [word] }, ctx) {
    throw word === undefined ? missingName(ctx) : nameFirst();
  },
};

/** The word that names the workflow: the first one, or behind options that know nothing of it. */
function workflowAmong(args: readonly string[], ctx: CliContext): string | undefined {
  const [first] = args;
  if (first === undefined || !first.startsWith("-")) return first;
  const words = args.filter((word) => !word.startsWith("-"));
  if (words.length === 0) return undefined;
  const { entries } = loadWorkflows(workflowPlaces(ctx));
  return words.find((word) => entries.some(({ workflow }) => workflow.name === word));
}

function missingName(ctx: CliContext): UserError {
  const names = loadWorkflows(workflowPlaces(ctx)).entries.map(({ workflow }) => workflow.name);
  return new UserError({
    reason: "missing-argument",
    message: "Missing the name of a workflow.",
    hint: `There ${names.length === 0 ? "is none yet" : `are ${names.join(", ")}`}. See: tta-persona workflow list`,
  });
}

function nameFirst(): UserError {
  return new UserError({
    reason: "workflow-first",
    message: "The workflow's name has to stand first, before the options.",
    hint: "Write: tta-persona run <workflow> [options]. See: tta-persona workflow list",
  });
}

/** The command with the options of one workflow. */
function commandOf(entry: WorkflowEntry): Command {
  const { workflow } = entry;
  const parameters = workflow.parameters
    .map(parameterFlags)
    .map(({ flags, doc }) => ({ flags, doc: printable(doc) }));
  return {
    ...command,
    usage: `${workflow.name} [options]`,
    ...(workflow.description === undefined
      ? {}
      : { summary: safeLines(workflow.description.trim().replace(/\.$/, "")) }),
    description: `Stages: ${workflow.stages.map(({ id, persona }) => `${id} (${persona})`).join(", ")}.`,
    options: [...parameters, ...(command.options ?? [])],
    examples: [
      { command: exampleLine(workflow), doc: "from the beginning" },
      { command: `${exampleLine(workflow)} --dry-run`, doc: "what that would do" },
      { command: `tta-persona run ${workflow.name} --resume`, doc: "go on with a run that did not succeed" },
    ],
    run(invocation, ctx) {
      // Another word was taken for the name than the parser took.
      if (invocation.args[0] !== workflow.name) throw nameFirst();
      return run(entry, invocation, ctx);
    },
  };
}

const safeLines = (text: string) => text.split("\n").map(printable).join("\n");

function exampleLine({ name, parameters }: Workflow): string {
  const required = parameters.filter((parameter) => parameter.required);
  return ["tta-persona run", name, ...required.map((parameter) => parameterFlags(parameter).flags)].join(" ");
}

async function run(entry: WorkflowEntry, invocation: Invocation, ctx: CliContext): Promise<number> {
  const { workflow } = entry;
  const { options } = invocation;
  const { prepareRun } = await import("../run/prepare.ts");
  const { executeRun, personasOf } = await import("../run/execute.ts");
  const keys = workflow.parameters.map(({ name }) => camelCase(name));
  const value = (key: string) =>
    typeof options[key] === "boolean" ? options[key] : optionText(invocation, key);
  const given = Object.fromEntries(keys.map((key) => [key, value(key)]));
  const request = { given, resume: value("resume"), from: optionText(invocation, "from") };
  const maxParallel = parseParallel(optionText(invocation, "maxParallel"));
  const prepared = prepareRun(workflow, request, ctx);
  const personas = personasOf(entry, ctx);
  assertFiles(entry, ctx);
  if (options.dryRun === true) {
    const { planJson, planText } = await import("../run/plan-text.ts");
    const { createMasker } = await import("../../core/mask.ts");
    const { secretsOfRun } = await import("../run/secrets-of-run.ts");
    const { maskingOf } = await import("../masking.ts");
    const { text } = createMasker(maskingOf(ctx, secretsOfRun(prepared, ctx)));
    ctx.output.answer(planJson(prepared), text(planText(prepared, ctx.paint)));
    return ExitCode.done;
  }
  const { createView } = await import("../run/view.ts");
  const { createConfirm } = await import("../run/confirm.ts");
  const view = createView(workflow, ctx);
  const cancellation = cancelOnSignals({ sharesTerminal: false });
  const recorder = recorderFor(ctx);
  deliverWhileRunning(ctx);
  const execution = await executeRun(
    prepared,
    personas,
    {
      view,
      cancellation,
      recorder,
      maxParallel,
      confirm: createConfirm(options.yes === true, view, cancellation, ctx),
    },
    ctx,
  ).finally(() => view.end());
  const { result } = execution.outcome;
  // A failure is the last thing to be read. What was stopped may be killed any moment, so that is told at once.
  const isToldLast = !isDone(result) && result !== "cancellation";
  if (isToldLast) await deliverAfterRecording(recorder, ctx);
  // Where it cannot be printed how it ended, it is delivered all the same.
  const untold = await tell(prepared, execution, ctx).catch((error: unknown) => ({ error }));
  if (!isToldLast) await deliverAfterRecording(recorder, ctx);
  const signal = cancellation.requested();
  // One that came when the work was over has changed nothing about it.
  if (signal !== undefined && result === "cancellation") return exitCodeOfSignal(signal);
  if (untold !== undefined) throw untold.error;
  return isDone(result) ? ExitCode.done : ExitCode.failed;
}

async function tell(prepared: PreparedRun, execution: Execution, ctx: CliContext): Promise<undefined> {
  const { runJson, summaryText } = await import("../run/report.ts");
  const { annotationOf, writeStepSummary } = await import("../run/github.ts");
  const { name } = prepared.workflow;
  const { stages, result } = execution.outcome;
  writeStepSummary(ctx.env, `${name}: ${result}`, stages);
  if (!ctx.flags.json) {
    ctx.output.raw(stages.map((stage) => annotationOf(ctx.env, name, stage) ?? "").join(""));
  }
  const text = summaryText(prepared, execution, ctx);
  if (isDone(result)) ctx.output.done(runJson(prepared, execution), text);
  else ctx.output.answer(runJson(prepared, execution), text);
}

function isDone(result: RunResult): boolean {
  return result === "success" || result === "skip";
}

function parseParallel(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PARALLEL;
  const number = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (number > 0) return number;
  throw new UserError({
    reason: "invalid-max-parallel",
    message: "--max-parallel is not a number of stages.",
    hint: "It takes a whole number above 0.",
  });
}
