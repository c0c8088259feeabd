import fs from "node:fs";
import { dirname } from "node:path";
import { replaceFile } from "../core/atomic-file.ts";
import { LONGEST_TIMER_MS } from "../core/duration.ts";
import { errorCode } from "../core/errors.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { Stage, Work } from "./definition.ts";
import type { EngineContext, Run, StagePersona } from "./engine-context.ts";
import { absolute } from "./gate-value.ts";
import type { Outputs } from "./run-store.ts";

/** Why work did not succeed: the type as OpenTelemetry's `error.type`, the message not masked yet. */
export interface WorkError {
  readonly type: string;
  readonly message: string;
}

/** What is run for a stage's work. */
export interface WorkCommand {
  readonly file: string;
  readonly args: readonly string[];
}

/** What a shell is called with: the script ends at the first command that fails, also within a pipe. */
const shellArguments = { bash: ["-eo", "pipefail"], sh: ["-e"] } as const;

/** The command of a script or an agent; an error where it cannot even be started. */
export function workCommand(
  work: Extract<Work, { readonly kind: "run" | "agent" }>,
  stage: Stage,
  run: Run,
  context: EngineContext,
): Result<WorkCommand, WorkError> {
  if (work.kind === "agent") return agentCommand(work.prompt, stage, context);
  const options = shellArguments[work.shell];
  if ("text" in work.script) {
    return ok({ file: work.shell, args: [...options, ...scriptWords(run, stage.id, work.script.text)] });
  }
  const path = absolute(work.script.file, dirname(run.workflow.origin.file));
  try {
    fs.accessSync(path, fs.constants.R_OK);
    if (!fs.statSync(path).isFile()) return err({ type: "EISDIR", message: `${path} is no file` });
  } catch (error) {
    const code = errorCode(error) ?? "unreadable";
    return err({ type: code, message: `the script ${path} cannot be read (${code})` });
  }
  return ok({ file: work.shell, args: [...options, path] });
}

/**
 * What a shell is given to run a script: a file of the run's, so that its length has no bound and messages name a line
 * of it; where that cannot be written, such as on a full disk, the text itself.
 */
export function scriptWords(run: Run, name: string, text: string): readonly string[] {
  const path = run.store.file("scripts", `${name}.sh`);
  try {
    replaceFile(path, text, false);
    return [path];
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return ["-c", text, name];
  }
}

function agentCommand(
  prompt: string,
  stage: Stage,
  { agentCommand: [file, ...args], persona }: EngineContext,
): Result<WorkCommand, WorkError> {
  if (file === undefined) {
    return err({
      type: "no_agent",
      message: 'no agent is configured; set one with: tta-persona config set agent.command "claude -p"',
    });
  }
  return ok({ file, args: [...args, agentPrompt(persona(stage.persona), stage, prompt)] });
}

/** Parameters are not put into it: they are data, and stand in the environment. */
function agentPrompt({ instructions }: StagePersona, stage: Stage, prompt: string): string {
  const outputs =
    stage.outputs.length === 0
      ? []
      : [
          `Before you finish, append a line key=value for each of these keys to the file that the environment variable TTA_OUTPUT names: ${stage.outputs.join(", ")}.`,
        ];
  return [instructions, prompt.trim(), ...outputs].join("\n\n");
}

/** A person confirms each item, all within the stage's timeout; the first one that is not ends it. */
export async function doManually(
  checklist: readonly string[],
  stage: Stage,
  { confirm, cancellation }: EngineContext,
): Promise<WorkError | undefined> {
  const { timeoutMs } = stage;
  const deadline = new AbortController();
  // Another stage's question may be open, so that this one has not even been asked.
  const late = new Promise<"late">((resolve) => {
    deadline.signal.addEventListener("abort", () => resolve("late"));
  });
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => deadline.abort(), Math.min(timeoutMs, LONGEST_TIMER_MS));
  try {
    for (const item of checklist) {
      const answer = await Promise.race([confirm(stage, item, deadline.signal), late]);
      if (cancellation.requested() !== undefined) return { type: "cancelled", message: "cancelled" };
      if (answer === "yes") continue;
      if (deadline.signal.aborted) return unanswered(item, timeoutMs);
      const how = answer === "nobody" ? "; nobody is there to ask, and --yes was not given" : "";
      return { type: "not_confirmed", message: `not confirmed: ${item}${how}` };
    }
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

function unanswered(item: string, timeoutMs = 0): WorkError {
  const hint = "answer within the stage's timeout, or confirm all by --yes";
  return { type: "timeout", message: `not confirmed after ${timeoutMs / 1000} s: ${item}; ${hint}` };
}

/** What keeps a directory from being worked in. */
export function directoryError(cwd: string): WorkError | undefined {
  try {
    if (fs.statSync(cwd).isDirectory()) return undefined;
    return { type: "ENOTDIR", message: `${cwd} is no directory` };
  } catch (error) {
    const code = errorCode(error) ?? "unknown error";
    return { type: code, message: `the working directory ${cwd} cannot be used (${code})` };
  }
}

/** Keys that were to be handed on and were not. @param how that is done, for the message. */
export function missingOutput(
  declared: readonly string[],
  outputs: Outputs,
  how = "",
): WorkError | undefined {
  const missing = declared.filter((key) => !Object.hasOwn(outputs, key));
  if (missing.length === 0) return undefined;
  return { type: "missing_output", message: `did not hand on ${missing.join(", ")}${how}` };
}
