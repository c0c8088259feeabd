import { isDigit } from "../core/duration.ts";
import { type Environment, envValue } from "../core/environment.ts";
import type { Home } from "../core/home.ts";
import { currentOwner, isProvablyDead, type Owner } from "../core/owner.ts";

const PREFIX = "shell:";

const MAX_PID_DIGITS = 10;
const MAX_LETTERS = 32;

/**
 * The shell's pid of `<pid>-<letters and digits>`, as `shell-init` makes ids; undefined for what is none. By hand: every
 * switch of a shell asks three times, and V8 compiles a regular expression twice by then.
 */
function pidOf(id: string): number | undefined {
  const dash = id.indexOf("-");
  const letters = id.length - dash - 1;
  if (dash < 1 || dash > MAX_PID_DIGITS || letters < 1 || letters > MAX_LETTERS) return undefined;
  for (let at = 0; at < id.length; at++) {
    const character = id[at] ?? "";
    const isLetter = at > dash && character >= "a" && character <= "z";
    if (at !== dash && !isLetter && !isDigit(character)) return undefined;
  }
  return id.startsWith("0") ? undefined : Number(id.slice(0, dash));
}

/** The scope of the shell that this process belongs to. Undefined outside of one, and where its id is no id. */
export function shellScope(env: Environment): string | undefined {
  const id = envValue(env, "TTA_PERSONA_SHELL");
  return id !== undefined && pidOf(id) !== undefined ? PREFIX + id : undefined;
}

/** The shell itself; undefined where it cannot be seen from here, such as from within a container. */
export function shellOwner(scope: string): Owner | undefined {
  const pid = scope.startsWith(PREFIX) ? pidOf(scope.slice(PREFIX.length)) : undefined;
  if (pid === undefined) return undefined;
  const owner = currentOwner(pid);
  return isProvablyDead(owner) ? undefined : owner;
}

/** Where a shell's prompt finds the persona that the shell has of its own: a file of one line, or none. */
export function shellFile(home: Home, scope: string): string | undefined {
  const id = scope.slice(PREFIX.length);
  return scope.startsWith(PREFIX) && pidOf(id) !== undefined ? `${shellDirectory(home)}/${id}` : undefined;
}

export function shellDirectory(home: Home): string {
  return `${home.state}/shells`;
}
