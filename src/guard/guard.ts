import fs from "node:fs";
import { type Environment, envValue } from "../core/environment.ts";
import { ExitCode, errorCode } from "../core/errors.ts";
import { trimSlashes } from "../core/project-directories.ts";
import { type Decision, decide } from "./decide.ts";
import type { PathView } from "./path-forms.ts";
import { type RecordContext, recordDecision } from "./record.ts";
import type { GuardRequest } from "./request.ts";
import type { RulesFound } from "./rules.ts";

/** The persona that is active where the request comes from. */
export interface ActivePersona {
  readonly persona: string;
  readonly chatmode: string;
  /** Of the facts that are recorded under it. */
  readonly scope: string;
  readonly rules: RulesFound;
}

/** What the guard says to who called it. */
export interface GuardAnswer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: ExitCode;
}

/**
 * Answers one request. With no active persona everything is allowed; rules that cannot be read leave the decision to a
 * person. What it denies and asks for is written down.
 */
export function answerRequest(
  request: GuardRequest,
  active: ActivePersona | undefined,
  context: RecordContext,
): GuardAnswer {
  if (active === undefined) {
    return answer(request, { decision: "allow", rule: null, reason: "No persona is active." }, "");
  }
  const { rules } = active;
  const decision: Decision =
    rules.kind === "found"
      ? decide(request, rules.rules, viewFrom(request, context.env))
      : { decision: "ask", rule: "rules-unknown", reason: rules.reason };
  let note = "";
  try {
    recordDecision(context, active, request.tool, decision);
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    // The decision stands, written down or not.
    note = `tta-persona: this decision could not be written down (${code})\n`;
  }
  return answer(request, decision, note);
}

/**
 * For a request that cannot be understood or answered. Exit code 2 is what makes Claude Code block the tool; it shows
 * stderr to the agent.
 */
export function refusal(problem: string): GuardAnswer {
  const stderr = `tta-persona: the guard cannot answer this request: ${problem}. The tool is not allowed.\n`;
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
