import { envValue } from "../core/environment.ts";
import { UserError } from "../core/errors.ts";
import { type Project, projectToWrite } from "../persona/project-persona.ts";
import { GLOBAL_SCOPE } from "../projection/session.ts";
import { type Invocation, type OptionSpec, optionText } from "./command.ts";
import type { CliContext } from "./context.ts";
import { personaPlaces } from "./find-persona.ts";
import { plainScope, type Standing, untrustedText } from "./persona-in-force.ts";
import { quote } from "./printable.ts";

const SCOPES: readonly string[] = ["global", "project", "shell"];

export const scopeOption: OptionSpec = {
  flags: "-s, --scope <scope>",
  doc: "global, project or shell (default: shell where this one has a persona of its own, else global)",
  complete: SCOPES,
};

/** Where a command acts. */
export interface ScopeTarget {
  readonly scope: string;
  /** Where the scope is a project's. */
  readonly project?: Project;
}

/**
 * The scope that was asked for, else the shell's where it has a persona of its own, else the global one.
 *
 * @throws UserError `invalid-scope`, or `no-shell` where this shell has no id.
 */
export function scopeTarget(invocation: Invocation, standing: Standing, ctx: CliContext): ScopeTarget {
  const asked = optionText(invocation, "scope");
  const { shell } = standing;
  switch (asked) {
    case undefined:
      return { scope: plainScope(standing) };
    case "global":
      return { scope: GLOBAL_SCOPE };
    case "project": {
      const project = projectToWrite(personaPlaces(ctx));
      return { scope: project.scope, project };
    }
    case "shell":
      if (shell !== undefined) return { scope: shell };
      throw new UserError({
        reason: "no-shell",
        message: "This shell has no id by which its persona could be kept.",
        hint: 'Give it one, such as in ~/.bashrc: eval "$(tta-persona shell-init bash)"',
      });
    default:
      throw new UserError({
        reason: "invalid-scope",
        message: `There is no scope ${quote(asked)}.`,
        hint: "It takes global, project or shell.",
      });
  }
}

/** What to say on stderr of a scope that was just switched: what goes before it, and whose word was passed over. */
export function scopeNotes(target: ScopeTarget, standing: Standing, ctx: CliContext): readonly string[] {
  const passedOver = target.project === undefined ? standing.passedOver : undefined;
  return [hiddenText(target, standing, ctx), passedOver && untrustedText(passedOver)].filter(
    (line) => line !== undefined,
  );
}

/** Undefined where the switch shows here. */
function hiddenText({ scope }: ScopeTarget, standing: Standing, { env }: CliContext): string | undefined {
  const given = envValue(env, "TTA_PERSONA");
  if (given !== undefined) return `TTA_PERSONA is ${quote(given)} here, and goes before it.`;
  const { state, project, isProjectTrusted } = standing;
  const plain = plainScope(standing);
  if (plain !== GLOBAL_SCOPE && scope !== plain) {
    const own = state.scopes[plain]?.active?.persona ?? "";
    return `This shell has a persona of its own, ${own}, which goes before it here. See: tta-persona current --explain`;
  }
  if (scope !== GLOBAL_SCOPE || project === undefined || !isProjectTrusted) return undefined;
  return `This project has a persona of its own, which goes before it here: ${project.file}. Use --scope project, or --scope shell.`;
}
