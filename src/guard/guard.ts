import fs from "node:fs";
import type { Clock } from "../core/clock.ts";
import { type Environment, envValue } from "../core/environment.ts";
import { ExitCode, errorCode } from "../core/errors.ts";
import { escapeControls } from "../core/printable.ts";
import { projectFolders, trimSlashes } from "../core/project-directories.ts";
import { type Decision, decide } from "./decide.ts";
import { normalise, type PathView } from "./path-forms.ts";
import { type RecordContext, recordDecision } from "./record.ts";
import type { GuardRequest } from "./request.ts";
import type { RulesFound } from "./rules.ts";
import { walkLimit } from "./search-tree.ts";

export interface GuardContext extends RecordContext {
  /** One that nobody sets: the guard is waited for. */
  readonly monotonic: Clock;
}

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
 * person. Where several hold, the strictest decision counts. What it denies and asks for is written down.
 *
 * @param directories of `directoriesOf`
 * @param actives who is active in each of them; empty where nobody is.
 */
export function answerRequest(
  request: GuardRequest,
  directories: readonly string[],
  actives: readonly ActivePersona[],
  context: GuardContext,
): GuardAnswer {
  const view = viewFrom(request, context.env, directories);
  const isLate = walkLimit(context.monotonic);
  let active: ActivePersona | undefined;
  let decision: Decision = { decision: "allow", rule: null, reason: "No persona is active." };
  for (const one of withoutUndefined(actives)) {
    for (const next of decisionsOf(request, one, view, isLate)) {
      if (active !== undefined && SEVERITY[next.decision] <= SEVERITY[decision.decision]) continue;
      active = one;
      decision = next;
    }
  }
  if (active === undefined) return answer(request, decision, "");
  // Agents show the reason to their user; a script or a log may have no other place for it.
  let note = decision.rule === RULES_UNKNOWN ? `tta-persona: ${escapeControls(decision.reason)}\n` : "";
  try {
    recordDecision(context, active, request.tool, decision);
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    // The decision stands, written down or not.
    note += `tta-persona: this decision could not be written down (${code})\n`;
  }
  return answer(request, decision, note);
}

const RULES_UNKNOWN = "rules-unknown";

const SEVERITY = { allow: 0, ask: 1, deny: 2 } as const;

function decisionsOf(
  request: GuardRequest,
  { rules }: ActivePersona,
  view: PathView,
  isLate: () => boolean,
): readonly Decision[] {
  const unknown = (reason: string): Decision => ({ decision: "ask", rule: RULES_UNKNOWN, reason });
  if (rules.kind !== "found") return [unknown(rules.reason)];
  const decisions = rules.rules.map((one) => decide(request, one, view, isLate));
  return rules.doubt === undefined ? decisions : [...decisions, unknown(rules.doubt)];
}

/** A persona that one directory does not define, and another one does, has the rules of this one. */
function withoutUndefined(actives: readonly ActivePersona[]): readonly ActivePersona[] {
  const isFound = (name: string) =>
    actives.some(({ persona, rules }) => persona === name && rules.kind === "found");
  return actives.filter(({ persona, rules }) => rules.kind !== "undefined" || !isFound(persona));
}

/**
 * For a request that cannot be understood or answered. Exit code 2 is what makes Claude Code block the tool; it shows
 * stderr to the agent.
 */
export function refusal(problem: string): GuardAnswer {
  const stderr = `tta-persona: the guard cannot answer this request: ${problem.replace(/\.$/, "")}. The tool is not allowed.\n`;
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
const OWN_FOLDERS = [".tta-persona", ".hypertool"];
const MARKS = [".git", ...OWN_FOLDERS];

/**
 * Whose rules a request is under: those of the working directory and, where that lies outside of it or in a project
 * within it, those of the project that the agent works for, which it does not leave by going elsewhere.
 *
 * @param workingDirectory of the guard: where it is started is the agent's project, if it is one with a persona.
 */
export function directoriesOf(
  { cwd, projectDir }: Pick<GuardRequest, "cwd" | "projectDir">,
  env: Environment,
  workingDirectory: string,
): readonly string[] {
  const named = projectDir ?? claudeProject(env);
  const base = trimSlashes(named ?? workingDirectory);
  const at = normalise(cwd);
  if (at === base) return [cwd];
  if (at.startsWith(`${base}/`)) {
    for (let root = at; root !== base; root = root.slice(0, root.lastIndexOf("/"))) {
      if (OWN_FOLDERS.some((folder) => fs.existsSync(`${root}/${folder}`))) return [cwd, base];
    }
    return [cwd];
  }
  const counts = named !== undefined || projectFolders(base, OWN_FOLDERS).length > 0;
  return counts ? [cwd, base] : [cwd];
}

function claudeProject(env: Environment): string | undefined {
  const named = envValue(env, "CLAUDE_PROJECT_DIR");
  return named?.startsWith("/") === true ? named : undefined;
}

/**
 * Patterns count from the working directory and from every project that it lies in.
 *
 * @param directories of `directoriesOf`
 */
export function viewFrom(
  { cwd, projectDir }: Pick<GuardRequest, "cwd" | "projectDir">,
  env: Environment,
  directories: readonly string[] = [cwd],
): PathView {
  const userHome = envValue(env, "HOME");
  const named = projectDir ?? claudeProject(env);
  const roots = [...(named === undefined ? [] : [named]), ...directories.filter((one) => one !== cwd)];
  for (const directory of directories) {
    for (
      let at = trimSlashes(directory);
      at !== "" && at !== userHome;
      at = at.slice(0, at.lastIndexOf("/"))
    ) {
      if (MARKS.some((mark) => fs.existsSync(`${at}/${mark}`))) roots.push(at);
    }
  }
  return { cwd, roots, userHome };
}
