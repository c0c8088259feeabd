import { ExitCode, UserError } from "../../core/errors.ts";
import type { Workflow } from "../../workflow/definition.ts";
import { camelCase } from "../../workflow/names.ts";
import { parameterFlags } from "../../workflow/parameters.ts";
import { deliverAfterWork } from "../after-work.ts";
import { type Command, type Invocation, optionText } from "../command.ts";
import type { CliContext } from "../context.ts";
import { findRunnableWorkflow } from "../find-workflow.ts";
import { deliverWhileRunning } from "../long-work.ts";
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
  async specialize([name], ctx) {
    if (name === undefined || name.startsWith("-")) return command;
    return commandOf(findRunnableWorkflow(name, ctx));
  },
};

/** The command with the options of one workflow. */
function commandOf(workflow: Workflow): Command {
  const parameters = workflow.parameters.map(parameterFlags);
  return {
    ...command,
    ...(workflow.description === undefined ? {} : { summary: workflow.description.trim() }),
    description: `Stages: ${workflow.stages.map(({ id, persona }) => `${id} (${persona})`).join(", ")}.`,
    options: [...parameters, ...(command.options ?? [])],
    examples: [
      { command: exampleLine(workflow), doc: "from the beginning" },
      { command: `${exampleLine(workflow)} --dry-run`, doc: "what that would do" },
      { command: `tta-persona run ${workflow.name} --resume`, doc: "go on with a run that did not succeed" },
    ],
    run: (invocation, ctx) => run(workflow, invocation, ctx),
  };
}

function exampleLine({ name, parameters }: Workflow): string {
  const required = parameters.filter((parameter) => parameter.required);
  return ["tta-persona run", name, ...required.map((parameter) => parameterFlags(parameter).flags)].join(" ");
}

async function run(workflow: Workflow, invocation: Invocation, ctx: CliContext): Promise<number> {
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
  const personas = personasOf(workflow.stages, ctx);
  if (options.dryRun === true) {
    const { planJson, planText } = await import("../run/plan-text.ts");
    ctx.output.answer(planJson(prepared), planText(prepared, ctx.paint));
    return ExitCode.done;
  }
  const { createView } = await import("../run/view.ts");
  const { createConfirm } = await import("../run/confirm.ts");
  const view = createView(workflow, ctx);
  const cancellation = cancelOnSignals();
  deliverWhileRunning(ctx);
  const execution = await executeRun(
    prepared,
    personas,
    {
      view,
      cancellation,
      maxParallel,
      confirm: createConfirm(options.yes === true, view, cancellation, ctx),
    },
    ctx,
  ).finally(() => view.end());
  const { runJson, summaryText } = await import("../run/report.ts");
  const { annotationOf, writeStepSummary } = await import("../run/github.ts");
  const { stages, result } = execution.outcome;
  if (!ctx.flags.json) {
    ctx.output.raw(stages.map((stage) => annotationOf(ctx.env, workflow.name, stage) ?? "").join(""));
  }
  writeStepSummary(ctx.env, `${workflow.name}: ${result}`, stages);
  const text = summaryText(prepared, execution, ctx);
  const isDone = result === "success" || result === "skip";
  if (isDone) ctx.output.done(runJson(prepared, execution), text);
  else ctx.output.answer(runJson(prepared, execution), text);
  await deliverAfterWork(ctx);
  const signal = cancellation.requested();
  if (signal !== undefined) return exitCodeOfSignal(signal);
  return isDone ? ExitCode.done : ExitCode.failed;
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
