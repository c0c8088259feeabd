import fs from "node:fs";
import { type Environment, envValue } from "../core/environment.ts";
import { ExitCode, errorCode } from "../core/errors.ts";
import { trimSlashes } from "../core/project-directories.ts";
import { GLOBAL_SCOPE, viewSession } from "../projection/session.ts";
import { openSession } from "../projection/session-store.ts";
import { type Decision, decide } from "./decide.ts";
import type { PathView } from "./path-forms.ts";
import { type RecordContext, recordDecision } from "./record.ts";
import { type GuardRequest, readRequest } from "./request.ts";
import type { RulesFound } from "./rules.ts";

export interface GuardContext extends RecordContext {
  /** The guard's own working directory, for a caller that names none. */
  readonly cwd: string;
  /** The rules of a persona as seen from a directory; undefined: somebody else has to decide. */
  readonly rules: (persona: string, cwd: string) => RulesFound | undefined;
}

/** What the guard says to who called it. */
export interface GuardAnswer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: ExitCode;
}

/**
 * Answers one request. With no active persona everything is allowed. A request that cannot be understood is refused:
 * exit code 2, which blocks the tool in Claude Code; rules that cannot be read leave the decision to a person.
 *
 * @returns undefined where the whole program has to decide.
 * @throws UserError `newer-home`; the system's error where the session cannot be read.
 */
export function answerRequest(text: string, context: GuardContext): GuardAnswer | undefined {
  const request = readRequest(text, context.cwd);
  if (!request.ok) return refusal(request.error);
  const session = viewSession(openSession(context.home).state, GLOBAL_SCOPE, context.clock.now());
  if (session === undefined) {
    return answer(request.value, { decision: "allow", rule: null, reason: "No persona is active." }, "");
  }
  const found = context.rules(session.persona, request.value.cwd);
  if (found === undefined) return undefined;
  const decision: Decision =
    found.kind === "found"
      ? decide(request.value, found.rules, viewFrom(request.value, context.env))
      : { decision: "ask", rule: "rules-unknown", reason: found.reason };
  let note = "";
  try {
    recordDecision(context, session, request.value.tool, decision);
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    // The decision stands, written down or not.
    note = `tta-persona: this decision could not be written down (${code})\n`;
  }
  return answer(request.value, decision, note);
}

/** Exit code 2 is what makes Claude Code block the tool; it shows stderr to the agent. */
export function refusal(problem: string): GuardAnswer {
  const stderr = `tta-persona: the guard cannot understand this request: ${problem}. The tool is not allowed.\n`;
  return { stdout: "", stderr, exitCode: ExitCode.usage };
}

/**
 * Claude Code gets nothing where nothing speaks against the tool: `allow` would pass over its user's own permission
 * rules, and the guard only ever takes away.
 */
function answer(request: GuardRequest, decision: Decision, stderr: string): GuardAnswer {
  const { decision: permissionDecision, reason, rule } = decision;
  const document =
    request.contract === "plain"
      ? { decision: permissionDecision, reason, rule }
      : permissionDecision === "allow"
        ? undefined
        : {
            hookSpecificOutput: {
              hookEventName: "PreToolUse",
              permissionDecision,
              permissionDecisionReason: `tta-persona: ${reason}`,
            },
          };
  return {
    stdout: document === undefined ? "" : `${JSON.stringify(document)}\n`,
    stderr,
    exitCode: ExitCode.done,
  };
}

/** What makes a directory a project's. */
const MARKS = [".git", ".tta-persona", ".hypertool"];

/** Patterns count from the working directory and from every project that it lies in. */
export function viewFrom(
  { cwd, projectDir }: Pick<GuardRequest, "cwd" | "projectDir">,
  env: Environment,
): PathView {
  const userHome = envValue(env, "HOME");
  const named = projectDir ?? envValue(env, "CLAUDE_PROJECT_DIR");
  const roots = named?.startsWith("/") === true ? [named] : [];
  for (let at = trimSlashes(cwd); at !== "" && at !== userHome; at = at.slice(0, at.lastIndexOf("/"))) {
    if (MARKS.some((mark) => fs.existsSync(`${at}/${mark}`))) roots.push(at);
  }
  return { cwd, roots, userHome };
}
