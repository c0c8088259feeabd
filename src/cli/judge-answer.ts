import { execFile } from "node:child_process";
import fs from "node:fs";
import { ExitCode, errorCode, UserError } from "../core/errors.ts";
import { err, ok, type Result } from "../core/result.ts";
import { newSpanIdentity } from "../core/trace-context.ts";
import { type CallContext, type CallResult, callModel, type ModelCall } from "../llm/call-model.ts";
import type { CallPlace } from "../llm/call-place.ts";
import { type Endpoint, resolveEndpoint } from "../llm/endpoint.ts";
import { compare, JUDGE_INSTRUCTIONS, JUDGES, parseJudge, readVerdict, type Verdict } from "../llm/judge.ts";
import { drained } from "../workflow/drain.ts";
import type { CliContext } from "./context.ts";
import { quote } from "./printable.ts";

export interface JudgedAnswer {
  readonly input: unknown;
  readonly expectedOutput: unknown;
  readonly metadata: unknown;
  readonly output: string;
}

/** Why an answer has no score. */
export interface NoScore {
  readonly message: string;
  /** A hard budget refused the judge's call. */
  readonly isBlocked: boolean;
}

/** Never rejects. */
export type AskJudge = (answer: JudgedAnswer) => Promise<Result<Verdict, NoScore>>;

export interface OpenJudge {
  /** Of its scores. */
  readonly name: string;
  readonly isTrueOrFalse: boolean;
  readonly ask: AskJudge;
}

const SCRIPT_TIMEOUT_MS = 60_000;

/** @throws UserError for one that there is not. */
export function openJudge(text: string, ctx: CliContext, place: CallPlace, context: CallContext): OpenJudge {
  const judge = parseJudge(text);
  if (judge === undefined) {
    throw new UserError({
      reason: "invalid-judge",
      message: `--judge cannot be ${quote(text)}.`,
      hint: `It takes ${JUDGES.join(", ")}.`,
    });
  }
  switch (judge.kind) {
    case "script":
      // One that is not there is told before anything is paid for.
      assertExecutable(judge.path);
      return {
        name: "script",
        isTrueOrFalse: false,
        ask: async (answer) => told(await askScript(judge.path, answer, ctx)),
      };
    case "llm": {
      const endpoint = resolveEndpoint(judge.model, ctx.env, ctx.settings.llm);
      if (!endpoint.ok) throw new UserError(endpoint.error);
      const ask: AskJudge = (answer) => askModelToJudge(endpoint.value, answer, place, context);
      return { name: "llm-judge", isTrueOrFalse: false, ask };
    }
    default: {
      const { kind } = judge;
      const ask: AskJudge = async ({ output, expectedOutput }) => told(compare(kind, output, expectedOutput));
      return { name: kind, isTrueOrFalse: true, ask };
    }
  }
}

function told(verdict: Result<Verdict, string>): Result<Verdict, NoScore> {
  return verdict.ok ? verdict : err({ message: verdict.error, isBlocked: false });
}

function assertExecutable(path: string): void {
  try {
    fs.accessSync(path, fs.constants.X_OK);
  } catch (error) {
    throw new UserError({
      reason: "invalid-judge",
      message: `The judge ${quote(path)} cannot be run (${errorCode(error) ?? "unknown error"}).`,
      hint: "Check the path, and make it executable: chmod +x",
    });
  }
}

/** The script reads the answer as JSON, and prints what `readVerdict` reads. */
function askScript(path: string, answer: JudgedAnswer, ctx: CliContext): Promise<Result<Verdict, string>> {
  return new Promise((resolve) => {
    const file = path.includes("/") ? path : `./${path}`;
    const options = { env: { ...ctx.env }, cwd: ctx.cwd(), timeout: SCRIPT_TIMEOUT_MS };
    const child = execFile(file, [], options, (error, stdout) => {
      if (error === null) resolve(readVerdict(stdout));
      else resolve(err(`the script failed (${error.code ?? error.signal ?? "unknown"})`));
    });
    // What it leaves in the background may hold its pipes open for long.
    child.once("exit", () => void drained([child.stdout, child.stderr]));
    // A script that reads nothing closes its input.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(JSON.stringify(answer));
  });
}

/** In a trace of its own, so that the item's trace has the item's cost alone. */
async function askModelToJudge(
  endpoint: Endpoint,
  answer: JudgedAnswer,
  place: CallPlace,
  context: CallContext,
): Promise<Result<Verdict, NoScore>> {
  const { input, expectedOutput, output } = answer;
  const call = {
    endpoint,
    place,
    messages: [
      { role: "system", content: JUDGE_INSTRUCTIONS },
      { role: "user", content: JSON.stringify({ input, expectedOutput, answer: output }) },
    ],
    temperature: 0,
    stream: true,
    taskType: "judge",
    trace: newSpanIdentity({ ...context.env, TRACEPARENT: undefined }),
  } as const;
  const result = await tryCall(call, context);
  if (!result.ok) return told(err(`the judge's call failed: ${result.error}`));
  if (result.value.kind === "blocked") {
    return err({ message: `the judge was not asked: ${result.value.verdict.message}`, isBlocked: true });
  }
  const { outcome, error, text } = result.value.answer;
  if (outcome === "ok") return told(readVerdict(text));
  const why = error === undefined ? outcome : `${error.type}: ${error.message}`;
  return told(err(`the judge's call failed: ${context.texts.short(why, 300)}`));
}

/** One call of many: where not even its reservation can be written, the others have been made all the same. */
export async function tryCall(call: ModelCall, context: CallContext): Promise<Result<CallResult, string>> {
  try {
    return ok(await callModel(call, context));
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    return err(`the journal fails (${code})`);
  }
}

/** What an experiment's exit code is. */
export function experimentExitCode(counts: {
  readonly failed: number;
  readonly blocked: number;
  readonly isBelow: boolean;
}): ExitCode {
  if (counts.blocked > 0) return ExitCode.budget;
  return counts.failed > 0 || counts.isBelow ? ExitCode.failed : ExitCode.done;
}
