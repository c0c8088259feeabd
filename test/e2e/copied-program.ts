import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { repositoryRoot, type Sandbox } from "../support/run-binary.ts";

export interface CopiedProgram {
  readonly launcher: string;
  /** The bundle that the deliverer runs. */
  readonly deliverer: string;
  remove(): void;
}

/** An installation of its own of the built program, of another version if one is given. */
export function copyProgram(version?: string): CopiedProgram {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "tta-persona-program-")));
  for (const part of ["bin", "dist", "package.json"]) {
    cpSync(join(repositoryRoot, part), join(root, part), { recursive: true });
  }
  if (version !== undefined) {
    const built = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version as string;
    for (const name of readdirSync(join(root, "dist"), { recursive: true, encoding: "utf8" })) {
      if (!/\.[cm]js$/.test(name)) continue;
      const path = join(root, "dist", name);
      const text = readFileSync(path, "utf8");
      writeFileSync(path, text.replaceAll(`"${built}"`, `"${version}"`));
    }
  }
  return {
    launcher: join(root, "bin", "tta-persona.cjs"),
    deliverer: join(root, "dist", "deliver.cjs"),
    remove: () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** Runs a launcher in a sandbox that has another one. Rejects unless it exits with 0. */
export function runIn(sandbox: Sandbox, launcher: string, args: readonly string[]) {
  return promisify(execFile)(process.execPath, [launcher, ...args], {
    cwd: sandbox.project,
    env: sandbox.env,
    timeout: 120_000,
  });
}
