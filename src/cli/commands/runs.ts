import fs from "node:fs";
import { ExitCode, errorCode, UserError } from "../../core/errors.ts";
import type { RunRecord } from "../../projection/runs.ts";
import { findStageLogs } from "../../workflow/stage-log-path.ts";
import type { Command, Invocation } from "../command.ts";
import type { CliContext } from "../context.ts";
import { currentLedger } from "../delivery-context.ts";
import { printable, quote } from "../printable.ts";
import { runShowJson } from "../run/runs-json.ts";
import { runShowText, runsListText } from "../run/runs-text.ts";
import type { RunsListJson, RunsLogsJson } from "../run-shapes.ts";
import { terminalText } from "../terminal-text.ts";

const RUN_ARGUMENT = {
  name: "run",
  doc: "its id, or the beginning of it; the latest by default",
  optional: true,
} as const;

const list: Command = {
  name: "list",
  summary: "List the latest runs, and how each ended",
  examples: [{ command: "tta-persona runs list", doc: "the newest first" }],
  exitCodes: {},
  json: "tta-persona/runs-list/1",
  run: listRuns,
};

function listRuns(_: Invocation, ctx: CliContext): number {
  const runs = readRuns(ctx);
  const document: RunsListJson = {
    schema: "tta-persona/runs-list/1",
    runs: runs.map((run) => {
      const { stages: _stages, traceId: _traceId, schema: _schema, ...summary } = runShowJson(run);
      return summary;
    }),
  };
  ctx.output.answer(document, runsListText(runs, ctx.paint, ctx.clock.now()));
  return ExitCode.done;
}

const show: Command = {
  name: "show",
  summary: "Show a run's stages, attempts and gates over time, also while it is going on",
  arguments: [RUN_ARGUMENT],
  examples: [{ command: "tta-persona runs show", doc: "the latest run" }],
  exitCodes: {},
  json: "tta-persona/runs-show/1",
  run({ args: [wanted] }, ctx) {
    const run = findRun(wanted, ctx);
    ctx.output.answer(runShowJson(run), runShowText(run, ctx.paint, ctx.clock.now()));
    return ExitCode.done;
  },
};

const logs: Command = {
  name: "logs",
  summary: "Print what a run's stages have printed; secrets are masked",
  arguments: [RUN_ARGUMENT, { name: "stage", doc: "only this one", optional: true }],
  examples: [
    { command: "tta-persona runs logs", doc: "all stages of the latest run" },
    { command: "tta-persona runs logs 20261124 version_bump", doc: "one stage of another" },
  ],
  exitCodes: {},
  json: "tta-persona/runs-logs/1",
  run({ args: [wanted, stage] }, ctx) {
    const run = findRun(wanted, ctx);
    const ids = run.stages.map(({ id }) => id);
    if (stage !== undefined && !ids.includes(stage)) {
      throw new UserError({
        reason: "unknown-stage",
        message: `The run ${run.runId} has no stage ${quote(stage)}.`,
        hint: `Its stages are ${ids.join(", ")}.`,
      });
    }
    const found = (stage === undefined ? ids : [stage]).map((id) => ({
      stage: id,
      files: [...findStageLogs(ctx.home, run.runId, id)],
    }));
    const document: RunsLogsJson = { schema: "tta-persona/runs-logs/1", runId: run.runId, logs: found };
    if (ctx.flags.json) {
      ctx.output.answer(document, "");
      return ExitCode.done;
    }
    for (const { stage: id, files } of found) {
      if (found.length > 1) ctx.output.raw(`${ctx.paint.bold(`--- ${printable(id)} ---`)}\n`);
      if (files.length === 0) ctx.output.raw(ctx.paint.dim("no log\n"));
      for (const file of files) ctx.output.raw(terminalText(readLog(file), ctx.hasColor));
    }
    return ExitCode.done;
  },
};

export const command: Command = {
  name: "runs",
  summary: "Look at runs of workflows: how they went, and what they printed",
  examples: [
    { command: "tta-persona runs list", doc: "the latest runs" },
    { command: "tta-persona runs show", doc: "the latest one, stage by stage" },
  ],
  exitCodes: {},
  json: "tta-persona/runs-list/1",
  subcommands: [list, show, logs],
  run: listRuns,
};

/** Retention may have taken it away meanwhile. */
function readLog(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    return "";
  }
}

/** The newest first. */
function readRuns(ctx: CliContext): readonly RunRecord[] {
  return currentLedger(ctx).state.runs.toReversed();
}

function findRun(wanted: string | undefined, ctx: CliContext): RunRecord {
  const runs = readRuns(ctx);
  const found =
    wanted === undefined ? runs.slice(0, 1) : runs.filter(({ runId }) => runId.startsWith(wanted));
  const [run] = found;
  if (run !== undefined) return run;
  throw new UserError({
    reason: "no-such-run",
    message: wanted === undefined ? "Nothing has been run yet." : `There is no run ${quote(wanted)}.`,
    hint: wanted === undefined ? "See: tta-persona workflow list" : "See: tta-persona runs list",
  });
}
