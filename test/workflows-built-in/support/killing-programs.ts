import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { SampleProject } from "./sample-project.ts";

/**
 * The project with a program of PATH replaced: when its arguments begin with `first`, whoever called it is killed by
 * SIGKILL, before or after it did its work.
 */
export function killedAt(
  project: SampleProject,
  program: string,
  first: readonly string[],
  when: "before" | "after",
): SampleProject {
  const { PATH = "" } = project.env;
  const real = execFileSync("sh", ["-c", `command -v ${program}`], {
    env: project.env,
    encoding: "utf8",
  }).trim();
  const directory = join(project.root, "killing");
  mkdirSync(directory, { recursive: true });
  const file = join(directory, program);
  writeFileSync(
    file,
    `#!/bin/sh
case "$*" in '${first.join(" ")}'*)
  [ ${when} = before ] || '${real}' "$@"
  kill -KILL "$PPID"
  exit 1
esac
exec '${real}' "$@"
`,
  );
  chmodSync(file, 0o755);
  return { ...project, env: { ...project.env, PATH: [directory, PATH].join(delimiter) } };
}
