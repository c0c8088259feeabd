import fs from "node:fs";
import { trustFile } from "../config/trust.ts";
import { replaceFile } from "../core/atomic-file.ts";
import { errorCode } from "../core/errors.ts";
import type { Project } from "../persona/project-persona.ts";
import { type EndOutcome, endSession, type SwitchOutcome, switchPersona } from "../persona/switch-persona.ts";
import { openSession, type SessionReader } from "../projection/session-store.ts";
import { type CliContext, switchContext } from "./context.ts";
import { tellPrompts } from "./prompt-projects.ts";

/**
 * Makes a persona that of a project: its file names it from now on, and is trusted.
 *
 * @throws the system's error when the file or the fact could not be written; nothing has changed then.
 */
export function switchProject(
  ctx: CliContext,
  session: SessionReader,
  project: Project,
  persona: string,
  chatmode: string,
): SwitchOutcome {
  const before = readIfThere(project.file);
  write(project, persona);
  let outcome: SwitchOutcome;
  try {
    outcome = switchPersona(switchContext(ctx), session, project.scope, persona, chatmode);
  } catch (error) {
    if (before === undefined) fs.rmSync(project.file, { force: true });
    else replaceFile(project.file, before);
    throw error;
  }
  keep(project, ctx);
  return outcome;
}

/** Ends a project's session, and takes the file away that names its persona. @returns undefined when there was none. */
export function endProject(
  ctx: CliContext,
  session: SessionReader,
  project: Project,
): EndOutcome | undefined {
  const outcome = endSession(switchContext(ctx), session, project.scope);
  fs.rmSync(project.file, { force: true });
  tellPrompts(ctx.home, project.root, undefined);
  return outcome;
}

/** Begins the session of a project whose file the user has just trusted. @param persona that the file names. */
export function beginProject(ctx: CliContext, project: Project, persona: string, chatmode: string): void {
  switchPersona(switchContext(ctx), openSession(ctx.home), project.scope, persona, chatmode);
  tellPrompts(ctx.home, project.root, readIfThere(project.file)?.trim());
}

/**
 * The journal's order decides between two that switch at once. Each brings the file to what the journal says by now,
 * and looks once more after writing, so the last of them gets it right.
 */
function keep(project: Project, { home }: CliContext): void {
  for (;;) {
    const current = openSession(home).state.scopes[project.scope]?.active?.persona;
    const isSo = current === undefined || readIfThere(project.file)?.trim() === current;
    if (!isSo) write(project, current);
    trustFile(home, project.file);
    tellPrompts(home, project.root, current);
    if (isSo) return;
  }
}

function write({ file }: Project, persona: string): void {
  // It is the user's project, so its folder gets the modes that the user's other folders have.
  fs.mkdirSync(file.slice(0, file.lastIndexOf("/")), { recursive: true });
  replaceFile(file, `${persona}\n`);
}

function readIfThere(file: string): string | undefined {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    return undefined;
  }
}
