import { formatDuration } from "../../core/duration.ts";
import type { Paint } from "../../core/output.ts";
import type { RunRecord, StageRecord } from "../../projection/runs.ts";
import { table } from "../printable.ts";
import { stageStateOf, stateOf } from "./runs-json.ts";
import { shortDuration } from "./stage-lines.ts";

const BAR_WIDTH = 32;

export function runsListText(runs: readonly RunRecord[], _: Paint, now: number): string {
  if (runs.length === 0) return "Nothing has been run yet. See: tta-persona workflow list\n";
  return table(
    runs.map((run) => [
      run.runId,
      run.workflow,
      stateOf(run),
      run.finishedAt === undefined ? "" : shortDuration(run.finishedAt - run.startedAt),
      `${formatDuration(now - run.startedAt)} ago`,
      run.resumedBy === undefined ? "" : `resumed by ${run.resumedBy}`,
    ]),
  );
}

/** A waterfall: each stage, attempt and gate with a bar that shows when in the run it was. */
export function runShowText(run: RunRecord, paint: Paint, now: number): string {
  const state = stateOf(run);
  const end = run.finishedAt ?? (state === "running" ? now : lastSeen(run));
  const took = shortDuration(end - run.startedAt);
  const scale = { begin: run.startedAt, end: Math.max(end, run.startedAt + 1) };
  const idWidth = Math.max(...run.stages.map(({ id }) => id.length));
  const rows = run.stages.flatMap((stage) => stageRows(stage, idWidth, run, scale, end));
  const width = Math.max(...rows.map(({ label }) => label.length));
  const notes = [
    run.resumes === undefined ? [] : [`It goes on with ${run.resumes}.`],
    run.resumedBy === undefined ? [] : [`It was resumed by ${run.resumedBy}.`],
    state === "interrupted" && run.resumedBy === undefined
      ? [`It was killed. Resume it with: tta-persona run ${run.workflow} --resume ${run.runId}`]
      : [],
  ].flat();
  return [
    `${paint.bold(run.workflow)} ${state} ${paint.dim(`(${took}, run ${run.runId}, trace ${run.trace.traceId})`)}\n\n`,
    ...rows.map(({ label, bar, text, isBad }) => {
      const line = `${label.padEnd(width)}  ${bar}  ${text}`.trimEnd();
      return `${isBad ? paint.red(line) : line}\n`;
    }),
    ...(notes.length === 0 ? [] : ["\n", ...notes.map((note) => `${note}\n`)]),
  ].join("");
}

interface Row {
  readonly label: string;
  readonly bar: string;
  readonly text: string;
  readonly isBad: boolean;
}

interface Scale {
  readonly begin: number;
  readonly end: number;
}

function stageRows(
  stage: StageRecord,
  idWidth: number,
  run: RunRecord,
  scale: Scale,
  end: number,
): readonly Row[] {
  const state = stageStateOf(stage, run);
  const { startedAt } = stage;
  const took = startedAt === undefined ? "" : ` ${shortDuration((stage.finishedAt ?? end) - startedAt)}`;
  const word = stage.reused ? "done before" : `${state}${took}`;
  const why = stage.error === undefined ? "" : `: ${stage.error.message}`;
  const isBad = !["success", "skip", "waiting", "running"].includes(state);
  const attempts = stage.attempts.length > 1 ? stage.attempts : [];
  return [
    {
      label: `${stage.id.padEnd(idWidth)}  ${stage.persona}`,
      bar: bar(scale, startedAt, stage.finishedAt ?? end),
      text: `${word}${why}`,
      isBad,
    },
    ...attempts.map(({ attempt, executable, exitCode, startedAt: began, finishedAt }) => ({
      label: `  attempt ${attempt}`,
      bar: bar(scale, began, finishedAt ?? end),
      text: `${executable} ${exitCode === undefined ? "did not end" : `exit code ${exitCode}`}`,
      isBad: exitCode !== 0 && finishedAt !== undefined,
    })),
    ...stage.gates.map(({ gate, result, detail }) => ({
      label: `  gate ${gate}`,
      bar: " ".repeat(BAR_WIDTH),
      text: `${result}: ${detail}`,
      isBad: result === "failed",
    })),
  ];
}

function bar({ begin, end }: Scale, from: number | undefined, to: number): string {
  if (from === undefined) return " ".repeat(BAR_WIDTH);
  const at = (ms: number) => Math.min(1, Math.max(0, (ms - begin) / (end - begin)));
  const first = Math.min(BAR_WIDTH - 1, Math.floor(at(from) * BAR_WIDTH));
  const length = Math.max(1, Math.round((at(to) - at(from)) * BAR_WIDTH));
  return `${" ".repeat(first)}${"█".repeat(Math.min(length, BAR_WIDTH - first))}`.padEnd(BAR_WIDTH);
}

/** Of a run that was interrupted: the last thing that is known of it. */
function lastSeen({ startedAt, stages }: RunRecord): number {
  const times = stages.flatMap((stage) => [
    stage.startedAt ?? startedAt,
    stage.finishedAt ?? startedAt,
    ...stage.attempts.map((attempt) => attempt.finishedAt ?? attempt.startedAt),
  ]);
  return Math.max(startedAt, ...times);
}
