import { type Environment, envValue } from "../core/environment.ts";
import type { Home } from "../core/home.ts";
import { currentOwner, isProvablyDead, type Owner } from "../core/owner.ts";

const PREFIX = "shell:";

/** `<pid>-<letters and digits>`, as `shell-init` makes it. */
const ID = /^([1-9][0-9]{0,9})-[0-9a-z]{1,32}$/;

/** The scope of the shell that this process belongs to. Undefined outside of one, and where its id is no id. */
export function shellScope(env: Environment): string | undefined {
  const id = envValue(env, "TTA_PERSONA_SHELL");
  return id !== undefined && ID.test(id) ? PREFIX + id : undefined;
}

/** The shell itself; undefined where it cannot be seen from here, such as from within a container. */
export function shellOwner(scope: string): Owner | undefined {
  const pid = ID.exec(scope.slice(PREFIX.length))?.[1];
  if (!scope.startsWith(PREFIX) || pid === undefined) return undefined;
  const owner = currentOwner(Number(pid));
  return isProvablyDead(owner) ? undefined : owner;
}

/** Where a shell's prompt finds the persona that the shell has of its own: a file of one line, or none. */
export function shellFile(home: Home, scope: string): string | undefined {
  const id = scope.slice(PREFIX.length);
  return scope.startsWith(PREFIX) && ID.test(id) ? `${shellDirectory(home)}/${id}` : undefined;
}

export function shellDirectory(home: Home): string {
  return `${home.state}/shells`;
}
