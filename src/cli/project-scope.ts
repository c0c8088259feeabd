import fs from "node:fs";
import { trustFile } from "../config/trust.ts";
import { errorCode, UserError } from "../core/errors.ts";
import type { Home } from "../core/home.ts";
import { linkOutOf, overwriteFile } from "../core/write-file.ts";
import { type Project, readProjectPersona } from "../persona/project-persona.ts";
import { type EndOutcome, endSession, type SwitchOutcome, switchPersona } from "../persona/switch-persona.ts";
import { DEFAULT_CHATMODE, NO_PERSONA, viewSession } from "../projection/session.ts";
import { openSession, type SessionReader } from "../projection/session-store.ts";
import { type CliContext, switchContext } from "./context.ts";
import { tellPrompts } from "./prompt-projects.ts";

/**
 * Makes a persona that of a project: its file names it from now on, and is trusted.
 *
 * @throws the system's error when the file or the fact could not be written, or UserError; nothing has changed then.
 */
export function switchProject(
  ctx: CliContext,
  session: SessionReader,
  project: Project,
  persona: string,
  chatmode: string,
): SwitchOutcome {
  const before = readIfThere(project.file);
  write(project, `${persona}\n`);
  let outcome: SwitchOutcome;
  try {
    outcome = switchPersona(switchContext(ctx), session, project.scope, persona, chatmode);
  } catch (error) {
    if (before === undefined) fs.rmSync(project.file, { force: true });
    else write(project, before);
    throw error;
  }
  keep(project, ctx);
  return outcome;
}

/**
 * Ends a project's session, and takes the file away that names its persona, also where no session of it has begun or
 * is left: then it has lasted no time.
 *
 * @returns undefined when there was neither.
 */
export function endProject(
  ctx: CliContext,
  session: SessionReader,
  project: Project,
): EndOutcome | undefined {
  const outcome = endSession(switchContext(ctx), session, project.scope);
  const { state } = openSession(ctx.home);
  // Also where somebody has switched since: it is theirs.
  if (outcome !== undefined || viewSession(state, project.scope, ctx.clock.now()) !== undefined) {
    keep(project, ctx);
    return outcome;
  }
  if (readIfThere(project.file) === undefined) return undefined;
  const named = readProjectPersona(project);
  fs.rmSync(project.file);
  tellPrompts(ctx.home, project.root, undefined);
  return { persona: named.ok ? named.value : NO_PERSONA, chatmode: DEFAULT_CHATMODE, durationMs: 0 };
}

/** Begins the session of a project whose file the user has just trusted. @param persona that the file names. */
export function beginProject(ctx: CliContext, project: Project, persona: string, chatmode: string): void {
  switchPersona(switchContext(ctx), openSession(ctx.home), project.scope, persona, chatmode);
  tellPrompts(ctx.home, project.root, readIfThere(project.file)?.trim());
}

/**
 * The journal's order decides between two that switch or end at once. Each brings the file to what the journal says by
 * now, and looks once more after writing, so the last of them gets it right.
 */
function keep(project: Project, { home }: CliContext): void {
  for (;;) {
    const current = openSession(home).state.scopes[project.scope]?.active?.persona;
    const isSo = readIfThere(project.file)?.trim() === current;
    if (!isSo && current === undefined) fs.rmSync(project.file, { force: true });
    if (!isSo && current !== undefined) write(project, `${current}\n`);
    if (current !== undefined) trustIfThere(project, home);
    tellPrompts(home, project.root, current);
    if (isSo) return;
  }
}

/** Whoever has removed it in this moment has ended the session first, and brings all to that. */
function trustIfThere({ file }: Project, home: Home): void {
  try {
    trustFile(home, file);
  } catch (error) {
    if (errorCode(error) !== "ENOENT" || readIfThere(file) !== undefined) throw error;
  }
}

/**
 * A link stays one, and what it leads to keeps its mode. @throws UserError for one that leads out of the project, or to
 * nothing.
 */
function write({ file, root }: Project, text: string): void {
  if (fs.lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true && !fs.existsSync(file)) {
    throw new UserError({
      reason: "dangling-link",
      message: `${file} is a link to ${fs.readlinkSync(file)}, and there is nothing.`,
      hint: "Put a file in its place, or switch in another scope.",
    });
  }
  const target = linkOutOf([root], file);
  if (target !== undefined) {
    throw new UserError({
      reason: "link-outside",
      message: `${file} is a link to ${target}, which is not of the project.`,
      hint: "Put a file in its place, or switch in another scope.",
    });
  }
  // It is the user's project, so its folder gets the modes that the user's other folders have.
  fs.mkdirSync(file.slice(0, file.lastIndexOf("/")), { recursive: true });
  overwriteFile(file, text);
}

function readIfThere(file: string): string | undefined {
  try {
    // Whatever is no regular file could block the read.
    return fs.statSync(file).isFile() ? fs.readFileSync(file, "utf8") : "";
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    return undefined;
  }
}
