import { linkSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { Clock } from "../../src/core/clock.ts";
import { type Decision, decide, type GuardRules } from "../../src/guard/decide.ts";
import { viewFrom } from "../../src/guard/guard.ts";
import { readRequest } from "../../src/guard/request.ts";
import { walkLimit } from "../../src/guard/search-tree.ts";

/** The rules that every case is held against. */
const rules: GuardRules = {
  persona: "auditor",
  restrictedPaths: [
    "**/frontend/**",
    "infra/**",
    "data/raw/**",
    "**/.env*",
    "secrets/*.json",
    "**/Größe/**",
    "~/.ssh/**",
  ],
  ownFiles: ["**/.claude/settings*.json", "**/.tta-persona/personas/**"],
  ownFolders: ["**/.claude", "**/.tta-persona"],
};

export interface GuardedProject {
  readonly project: string;
  readonly userHome: string;
  /** What the guard says to a tool with that input. @param clock by which no time passes, unless told otherwise. */
  decide(tool: string, input: Readonly<Record<string, unknown>>, cwd?: string, clock?: Clock): Decision;
}

/** A project with links of every kind, in a home of its own, for all tests of a file. */
export function guardedProject(): GuardedProject {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "tta-persona-test-")));
  afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));
  const userHome = join(root, "home");
  const project = join(userHome, "work", "project");
  for (const directory of ["frontend/src", "infra/prod", "data/raw", "src/app", "secrets", "docs", ".git"]) {
    mkdirSync(join(project, directory), { recursive: true });
  }
  mkdirSync(join(userHome, ".ssh"));
  mkdirSync(join(root, "elsewhere"));
  for (const file of ["frontend/app.ts", "infra/main.tf", "data/raw/a.csv", ".env", "src/app/main.ts"]) {
    writeFileSync(join(project, file), "");
  }
  const link = (target: string, path: string) => symlinkSync(target, join(project, path));
  link("../frontend/app.ts", "src/link-to-file.ts");
  link("../frontend", "src/link-to-directory");
  link("link-to-directory", "src/link-to-link");
  link("../frontend/not-there.ts", "src/dangling.ts");
  link(join(project, "infra"), "src/absolute-link");
  link("../../outside/../project/.env", "src/odd");
  link(project, "src/up");
  link("../infra/moved", "src/chain");
  link(join(root, "elsewhere"), "out");
  link("../src/app", "docs/harmless-link");
  link("loop-b", "docs/loop-a");
  link("loop-a", "docs/loop-b");
  symlinkSync(project, join(root, "project-link"));
  symlinkSync(join(root, "elsewhere"), join(project, "infra", "moved"));
  linkSync(join(project, "src/app/main.ts"), join(project, "src/hard.ts"));
  return {
    project,
    userHome,
    decide(tool, input, cwd = project, clock = { now: () => 0 }) {
      const request = readRequest(JSON.stringify({ tool_name: tool, tool_input: input, cwd }), cwd);
      if (!request.ok) throw new Error(request.error);
      return decide(request.value, rules, viewFrom(request.value, { HOME: userHome }), walkLimit(clock));
    },
  };
}
