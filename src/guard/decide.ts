import type { PersonaFile } from "../persona/schema.ts";
import { approvalFor } from "./approval.ts";
import { changeable } from "./changeable.ts";
import { hasWildcard } from "./glob.ts";
import { ownCommand } from "./own-command.ts";
import { type PathView, pathForms } from "./path-forms.ts";
import type { GuardRequest } from "./request.ts";
import { type Restriction, restrictPaths, UNTELLABLE } from "./restricted-paths.ts";
import { scanCommand } from "./scan-command.ts";
import { findRead, type Read } from "./search-tree.ts";
import { findShellRead } from "./shell-search.ts";
import { isReader, readToolInput } from "./tool-input.ts";
import { shutOutBy, splitToolName } from "./tool-name.ts";

/** What the guard needs of a persona. */
export interface GuardRules
  extends Pick<PersonaFile, "allowedServers" | "allowedTools" | "restrictedPaths" | "security"> {
  readonly persona: string;
  /** Absolute paths or globs: files that decide what the agent may do. Changing them takes a person's yes. */
  readonly ownFiles: readonly string[];
  /** The same, of directories: what else lies in them is not meant. */
  readonly ownFolders: readonly string[];
}

export interface Decision {
  readonly decision: "allow" | "deny" | "ask";
  /** One line, for the agent and for its user. */
  readonly reason: string;
  /** `restrictedPaths: ** /.env*` and the like, without the blank; null where nothing spoke against it. */
  readonly rule: string | null;
  /** Absolute, where it is about one. */
  readonly path?: string;
}

/**
 * Decides by a persona's rules. What is denied goes before what is asked for, and that before what is allowed.
 *
 * @param isLate of `walkLimit`
 */
export function decide(
  request: GuardRequest,
  rules: GuardRules,
  view: PathView,
  isLate: () => boolean,
): Decision {
  const { persona, restrictedPaths = [], allowedServers = [], allowedTools = {} } = rules;
  const name = splitToolName(request.tool, request.server ?? resourceServer(request), [
    ...allowedServers,
    ...Object.keys(allowedTools),
  ]);
  const shutOut = shutOutBy(name, rules);
  if (shutOut !== undefined) {
    const rule = shutOut === "allowedTools" ? `allowedTools: ${name.server}` : "allowedServers";
    const what = shutOut === "allowedTools" ? `tool ${name.tool} of server` : "server";
    return { decision: "deny", rule, reason: `${persona} may not use the ${what} ${name.server}.` };
  }

  const input = readToolInput(request.tool, name.server, request.input);
  const { paths, searches, contentSearch, command, commandFrom, isTooLarge } = input;
  const restricted = restrictPaths(restrictedPaths, view);
  for (const path of paths) {
    const found =
      restricted.findPath(path) ?? (hasWildcard(path) ? restricted.findSearch(path, view.cwd) : undefined);
    if (found !== undefined) return denied(found, persona);
  }
  for (const { glob, from = view.cwd } of searches) {
    // ripgrep leaves out what a glob with ! names.
    const found = glob.startsWith("!") ? undefined : restricted.findSearch(glob, from);
    if (found !== undefined) return denied(found, persona);
  }
  const read = contentSearch && findRead(contentSearch, restricted, view, isLate);
  if (read !== undefined) return searchRefused(read, persona);
  const commandView = commandFrom === undefined ? view : viewAt(commandFrom, view);
  const inCommand =
    command === undefined || commandView === view ? restricted : restrictPaths(restrictedPaths, commandView);
  const finding = command === undefined ? undefined : scanCommand(command, inCommand, commandView);
  if (finding?.how === "sure") return denied(finding, persona);
  const readByShell =
    command === undefined ? undefined : findShellRead(command, inCommand, commandView, isLate);
  if (readByShell !== undefined && (finding === undefined || readByShell.pattern !== UNTELLABLE))
    return searchRefused(readByShell, persona);
  if (finding !== undefined) {
    const rule = `restrictedPaths: ${finding.pattern}`;
    return {
      decision: "ask",
      rule,
      path: finding.path,
      reason: `The command may touch a path that is restricted for ${persona} (${finding.pattern}).`,
    };
  }
  if (isTooLarge) {
    return {
      decision: "ask",
      rule: "input-too-large",
      reason: "The tool's input holds more values than the guard looks at.",
    };
  }

  const own = command === undefined ? undefined : ownCommand(command);
  if (own !== undefined) {
    return {
      decision: "ask",
      rule: "own-persona",
      reason: `${own} changes who is active, or what ${persona} may do.`,
    };
  }
  const approval = approvalFor(rules.security?.requireApprovalFor ?? [], name, request.tool, command);
  if (approval !== undefined) {
    return {
      decision: "ask",
      rule: `requireApprovalFor: ${approval}`,
      reason: `${persona} needs your approval for this (${approval}).`,
    };
  }
  if (name.server !== undefined || !isReader(request.tool)) {
    const own = restrictPaths(rules.ownFiles, commandView, rules.ownFolders);
    const path = paths.map((one) => own.findPath(one)).find((one) => one !== undefined);
    const found =
      path ?? (command === undefined ? undefined : scanCommand(command, own, commandView, changeable));
    if (found !== undefined) {
      return {
        decision: "ask",
        rule: "own-files",
        path: found.path,
        reason: `This file decides what ${persona} may do.`,
      };
    }
  }
  return { decision: "allow", rule: null, reason: `Nothing in the rules of ${persona} speaks against it.` };
}

/** Claude Code reads what a server offers by tools of its own, which name the server in their input. */
function resourceServer({ tool, input }: GuardRequest): string | undefined {
  return /McpResource/.test(tool) && typeof input.server === "string" ? input.server : undefined;
}

/** From the directory that a shell was told to go to; where it is not told, from there as well. */
function viewAt(directory: string, view: PathView): PathView {
  const [cwd = view.cwd] = pathForms(directory, view).paths;
  return { ...view, cwd, roots: [view.cwd, ...view.roots] };
}

function searchRefused(read: Read, persona: string): Decision {
  if (read.pattern === UNTELLABLE) {
    return {
      decision: "ask",
      rule: "search-too-large",
      path: read.path,
      reason: `The search begins above more than can be looked through for what is restricted for ${persona}. Search less.`,
    };
  }
  const { reason, ...rest } = denied(read, persona);
  const byGlob = read.leftOutBy === undefined ? "" : `, or leave it out by the glob ${read.leftOutBy}`;
  const advice = `The search would read it: search elsewhere${byGlob}`;
  return { ...rest, reason: `${reason} ${advice}` };
}

function denied({ pattern, path }: Restriction, persona: string): Decision {
  const rule = `restrictedPaths: ${pattern}`;
  return { decision: "deny", rule, path, reason: `This path is restricted for ${persona} (${pattern}).` };
}
