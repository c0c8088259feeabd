import { envValue } from "../core/environment.ts";
import { UserError } from "../core/errors.ts";
import { randomHex } from "../core/random.ts";
import { unknownActive } from "../guard/active-persona.ts";
import type { ActivePersona } from "../guard/guard.ts";
import { untrustedNow } from "../guard/rules.ts";
import { isPersonaName, plainName } from "../persona/names.ts";
import { findCountingProject } from "../persona/project-persona.ts";
import { viewSession } from "../projection/session.ts";
import type { CliContext } from "./context.ts";
import { findRules } from "./guard-rules.ts";
import { readStanding, winner } from "./persona-in-force.ts";
import { fileTrust } from "./persona-name.ts";

/**
 * As `findActive` finds it. A project that is not trusted is passed over without a word: the agent would read it. A
 * source that would win, and names no persona that there is, makes every tool a question rather than an error.
 */
export async function activeAt(cwd: string, ctx: CliContext): Promise<ActivePersona | undefined> {
  const { home, env, clock } = ctx;
  const standing = readStanding({ ...ctx, cwd: () => cwd });
  const quiet = { ...ctx, cwd: () => cwd, output: { ...ctx.output, note: () => undefined } };
  const { inForce, problem, source } = (await winner(standing, quiet)) ?? {};
  if (source !== "environment" && source !== "shell") {
    const trustOf = (file: string) => fileTrust(file, home, env);
    const counting = findCountingProject({ cwd, userDir: home.personas, trustOf });
    const { project } = counting ?? standing;
    const view = project && viewSession(standing.state, project.scope, clock.now());
    if (counting?.isTrusted === false) {
      return unknownActive(counting.project, view, untrustedNow(counting.project.file));
    }
    if (project !== undefined && problem instanceof UserError) {
      return unknownActive(project, view, unknownReason(problem));
    }
  }
  if (problem instanceof UserError) return unknownFromEnvironment(problem, ctx);
  return inForce && { ...inForce, rules: findRules(inForce.persona, cwd, ctx) };
}

/** Another directory of the request may define the persona that this one does not. */
function unknownFromEnvironment(problem: UserError, { env }: CliContext): ActivePersona {
  const reason = unknownReason(problem);
  const named = envValue(env, "TTA_PERSONA") ?? "";
  const scope = `run:${randomHex(4)}/environment`;
  const unknown = unknownActive({ scope }, undefined, reason);
  return problem.reason === "unknown-persona" && isPersonaName(named)
    ? { ...unknown, persona: plainName(named), rules: { kind: "undefined", reason } }
    : unknown;
}

function unknownReason({ message, hint }: UserError): string {
  return `Nobody knows who is active. ${message}${hint === undefined ? "" : ` ${hint}`}`;
}
