import { envValue } from "../core/environment.ts";
import { errorCode, UserError } from "../core/errors.ts";
import { randomHex } from "../core/random.ts";
import { type CallPlace, placeFromEnvironment } from "../llm/call-place.ts";
import { isChatmodeName } from "../persona/chatmode.ts";
import { findProjects, type Project, readProjectPersona } from "../persona/project-persona.ts";
import {
  DEFAULT_CHATMODE,
  GLOBAL_SCOPE,
  type ScopeState,
  type SessionState,
  type SessionView,
  viewSession,
} from "../projection/session.ts";
import { openSession } from "../projection/session-store.ts";
import { shellScope } from "../projection/shell-scope.ts";
import type { CliContext } from "./context.ts";
import { fileTrust, personaName } from "./persona-name.ts";

/** What may name the persona, the one that goes before the others first. A flag goes before all of them. */
export const SOURCES = ["environment", "shell", "project", "global"] as const;
export type Source = (typeof SOURCES)[number];

/** The persona under which commands act, and where what they do belongs. */
export interface PersonaInForce {
  readonly source: Source;
  readonly persona: string;
  readonly chatmode: string;
  /** Of the facts that are recorded under it. */
  readonly scope: string;
  /** Its session; absent where none has begun. */
  readonly view?: SessionView;
  /** What a stage, or `exec`, has handed to this process. */
  readonly handed?: CallPlace;
}

/** What one source has to say. */
export interface Candidate {
  readonly source: Source;
  readonly persona?: string;
  /** Why it names none, or does not count; absent where it does. */
  readonly problem?: UserError | "absent" | "untrusted";
  readonly inForce?: PersonaInForce;
}

/** Everything that is known about who is active here, before anything is decided. */
export interface Standing {
  readonly state: SessionState;
  /** Of the shell that has an id, whether or not it has a persona of its own. */
  readonly shell: string | undefined;
  /** The nearest trusted project that names a persona, else the nearest that is not. */
  readonly project: Project | undefined;
  readonly isProjectTrusted: boolean;
  /** The nearest project of all, where it is not trusted. */
  readonly passedOver: Project | undefined;
}

/** @throws UserError `newer-home`. */
export function readStanding(ctx: CliContext, state: SessionState = openSession(ctx.home).state): Standing {
  const projects = projectsOf(ctx);
  const trusted = projects.find(({ file }) => fileTrust(file, ctx.home, ctx.env) === "trusted");
  const [nearest] = projects;
  return {
    state,
    shell: shellScope(ctx.env),
    project: trusted ?? nearest,
    isProjectTrusted: trusted !== undefined,
    passedOver: nearest === trusted ? undefined : nearest,
  };
}

/** Asks all sources, in their order; which one wins depends on none of them being broken. */
export async function candidates(standing: Standing, ctx: CliContext): Promise<readonly Candidate[]> {
  const found: Candidate[] = [];
  for (const source of SOURCES) found.push(await asked[source](standing, ctx));
  return found;
}

/**
 * The persona in force: that of the environment, the shell, the project, or the global one. A project that is not
 * trusted is told in one line on stderr, and passed over.
 *
 * @throws UserError where the source that would win names no persona that there is.
 */
export async function personaInForce(
  ctx: CliContext,
  standing: Standing = readStanding(ctx),
): Promise<PersonaInForce | undefined> {
  const won = await winner(standing, ctx);
  if (won?.problem instanceof UserError) throw won.problem;
  return won?.inForce;
}

/** The source that decides: the first one that names a persona, or whose naming one is broken. */
export async function winner(standing: Standing, ctx: CliContext): Promise<Candidate | undefined> {
  for (const source of SOURCES) {
    const candidate = await asked[source](standing, ctx);
    if (candidate.problem instanceof UserError || candidate.inForce !== undefined) return candidate;
  }
  return undefined;
}

/** What a plain `switch -` goes back to. */
export function previousOf(standing: Standing): ScopeState["previous"] {
  return standing.state.scopes[plainScope(standing)]?.previous ?? null;
}

/** Where a plain `switch` or `end` acts: in the shell where it has a persona of its own, else globally. */
export function plainScope({ state, shell }: Standing): string {
  return shell !== undefined && state.scopes[shell]?.active != null ? shell : GLOBAL_SCOPE;
}

/** As `personaInForce`, for who only wants to know; undefined also where that cannot be said. Complains of nothing. */
export async function tryPersonaInForce(ctx: CliContext): Promise<PersonaInForce | undefined> {
  try {
    return await personaInForce({ ...ctx, output: { ...ctx.output, note: () => undefined } });
  } catch {
    return undefined;
  }
}

const asked: Readonly<
  Record<Source, (standing: Standing, ctx: CliContext) => Candidate | Promise<Candidate>>
> = {
  environment: askEnvironment,
  shell: ({ state, shell }, ctx) => askSession("shell", shell, state, ctx),
  project: askProject,
  global: ({ state }, ctx) => askSession("global", GLOBAL_SCOPE, state, ctx),
};

async function askEnvironment({ state }: Standing, ctx: CliContext): Promise<Candidate> {
  const source = "environment";
  const handed = placeFromEnvironment(ctx.env);
  if (handed !== undefined) {
    const { persona, chatmode, scope } = handed;
    const view = viewSession(state, scope, ctx.clock.now());
    const session = view?.persona === persona ? { view } : {};
    return { source, persona, inForce: { source, persona, chatmode, scope, handed, ...session } };
  }
  const given = envValue(ctx.env, "TTA_PERSONA");
  if (given === undefined) return { source, problem: "absent" };
  const asked = envValue(ctx.env, "TTA_CHATMODE");
  const chatmode = asked !== undefined && isChatmodeName(asked) ? asked : DEFAULT_CHATMODE;
  try {
    const persona = await personaName(given, ctx);
    // Nobody can tell when its session begins and ends, so what is done belongs to no session, and disturbs none.
    const scope = `run:${randomHex(4)}/environment`;
    return { source, persona, inForce: { source, persona, chatmode, scope } };
  } catch (error) {
    return { source, problem: broken(error, "TTA_PERSONA") };
  }
}

function askSession(
  source: Source,
  scope: string | undefined,
  state: SessionState,
  ctx: CliContext,
): Candidate {
  const view = scope === undefined ? undefined : viewSession(state, scope, ctx.clock.now());
  if (scope === undefined || view === undefined) return { source, problem: "absent" };
  const { persona, chatmode } = view;
  return { source, persona, inForce: { source, persona, chatmode, scope, view } };
}

async function askProject(
  { state, project, isProjectTrusted, passedOver }: Standing,
  ctx: CliContext,
): Promise<Candidate> {
  const source = "project";
  if (passedOver !== undefined) ctx.output.note(untrustedText(passedOver));
  if (project === undefined) return { source, problem: "absent" };
  if (!isProjectTrusted) return { source, problem: "untrusted" };
  const given = readProjectPersona(project);
  if (!given.ok) return { source, problem: new UserError(given.error) };
  const { scope } = project;
  try {
    const persona = await personaName(given.value, ctx);
    const view = viewSession(state, scope, ctx.clock.now());
    const session = view?.persona === persona ? { view } : {};
    const chatmode = session.view?.chatmode ?? DEFAULT_CHATMODE;
    return { source, persona, inForce: { source, persona, chatmode, scope, ...session } };
  } catch (error) {
    return { source, problem: broken(error, project.file) };
  }
}

export function untrustedText({ file }: Project): string {
  return `${file} is not trusted, so it is passed over. Read it, then: tta-persona trust`;
}

/** @throws what is no UserError. */
function broken(error: unknown, where: string): UserError {
  if (!(error instanceof UserError)) throw error;
  const { reason, message, hint } = error;
  const failure = { reason, message: `${where}: ${message}`, ...(hint === undefined ? {} : { hint }) };
  return new UserError(failure, error.exitCode);
}

/** A working directory that is gone belongs to no project. */
function projectsOf(ctx: CliContext): readonly Project[] {
  try {
    return findProjects({ cwd: ctx.cwd(), userDir: ctx.home.personas });
  } catch (error) {
    if (error instanceof UserError || errorCode(error) !== undefined) return [];
    throw error;
  }
}
