import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ApplyContext, applyCurrent, type CurrentPersona } from "../../src/apply/apply.ts";
import { targetsNamed } from "../../src/apply/targets.ts";
import { systemClock } from "../../src/core/clock.ts";
import { type Home, resolveHome } from "../../src/core/home.ts";
import { ok } from "../../src/core/result.ts";
import { GLOBAL_SCOPE } from "../../src/projection/session.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** A user with a project, whose files a switch is applied to in this process. */
export interface ApplyHome {
  readonly root: string;
  readonly home: Home;
  readonly userHome: string;
  readonly project: string;
  readonly context: ApplyContext;
  /** Who is active from now on. */
  activate(persona: string, previous?: string | null): void;
  write(path: string, content: string | Buffer): string;
  apply(...clients: readonly string[]): ReturnType<typeof applyCurrent>;
}

export function applyHome(): ApplyHome {
  const root = temporaryDirectory();
  const [userHome, project] = [join(root, "user"), join(root, "user/work/project")];
  mkdirSync(join(project, ".git"), { recursive: true });
  const home = resolveHome({ TTA_PERSONA_HOME: join(root, "home") }, "linux");
  if (!home.ok) throw new Error(home.error.message);
  let current: CurrentPersona | undefined;
  const context: ApplyContext = {
    home: home.value,
    env: {},
    clock: systemClock,
    version: "0.0.0",
    segmentBytes: 8 * 1024 * 1024,
    scope: GLOBAL_SCOPE,
    places: { cwd: project, userHome, serverNames: [] },
    readCurrent: () => current,
  };
  return {
    root,
    home: home.value,
    userHome,
    project,
    context,
    activate(persona, previous = null) {
      const text = `---\nname: ${persona}\ndescription: Is the ${persona}.\n---\n\nYou are the ${persona}.\n`;
      current = { name: persona, chatmode: "default", writeAgent: () => ok(text), previous };
    },
    write(path, content) {
      const file = join(root, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
    apply: (...clients) => applyCurrent(context, targetsNamed(clients)),
  };
}

/** Names of files that a replacement leaves beside its target when it is cut off. */
export function leftovers(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory, { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".tmp"));
}

/** The facts `persona.applied` of a home, in order. */
export function appliedFacts(home: string): readonly Record<string, unknown>[] {
  const journal = join(home, "journal");
  if (!existsSync(journal)) return [];
  return readdirSync(journal)
    .sort()
    .flatMap((name) => readFileSync(join(journal, name), "utf8").split("\n"))
    .filter((line) => line.includes('"persona.applied"'))
    .map((line) => JSON.parse(line).data);
}
