import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { CodeBlock } from "./markdown.ts";
import type { Prometheus } from "./real-servers.ts";
import { repositoryRoot, type Sandbox } from "./run-binary.ts";

/**
 * Runs what a document shows. Blocks of `sh` are given to bash as they are, each in a sandbox that its test prepares;
 * blocks of `promql` to a real Prometheus. What is expected stands behind the language:
 *
 * - `exit=1`: the exit code of the block, 0 where nothing is said; it ends at the first command that fails;
 * - `shows="text"`: what its output, standard error included, has somewhere;
 * - `given="name"`: the state that it needs, which the test brings about;
 * - `data` (promql): the query has to return something;
 * - `no-run reason="…"`: it cannot be run in a test; the reason must be told.
 */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  sh: ["exit", "shows", "given", "no-run", "reason"],
  promql: ["data", "no-run", "reason"],
};

const BLOCK_TIMEOUT_MS = 60_000;

/** What is wrong with how a block is marked, or undefined. */
export function markingProblem({ language, info }: CodeBlock): string | undefined {
  const unknown = Object.keys(info).filter((key) => !KNOWN[language]?.includes(key));
  if (unknown.length > 0) return `unknown marks: ${unknown.join(", ")}`;
  if ("no-run" in info && (info.reason ?? "") === "") return "no-run without a reason";
  return undefined;
}

export const isRun = ({ info }: CodeBlock): boolean => !("no-run" in info);

/** As a test's name: `runbook.md:17 tta-persona doctor`. */
export function nameOfBlock({ file, line, text }: CodeBlock): string {
  return `${file}:${line} ${text.trim().split("\n")[0] ?? ""}`;
}

/** Puts `tta-persona` into the path of a sandbox, as an installed one is. @returns the PATH to run blocks with. */
function installInto(sandbox: Sandbox): string {
  const bin = join(sandbox.userHome, "bin");
  mkdirSync(bin, { recursive: true });
  const launcher = join(repositoryRoot, "bin", "tta-persona.cjs");
  writeFileSync(join(bin, "tta-persona"), `#!/bin/sh\nexec '${process.execPath}' '${launcher}' "$@"\n`);
  chmodSync(join(bin, "tta-persona"), 0o755);
  return [bin, sandbox.env.PATH].join(delimiter);
}

/** @returns what the block did otherwise than it says, or undefined. */
export async function runShellBlock(
  { text, info }: CodeBlock,
  sandbox: Sandbox,
  env: Readonly<Record<string, string>> = {},
): Promise<string | undefined> {
  const { code, output } = await new Promise<{ code: number | string; output: string }>((resolve) => {
    const options = {
      cwd: sandbox.project,
      env: { ...sandbox.env, PATH: installInto(sandbox), ...env },
      timeout: BLOCK_TIMEOUT_MS,
    };
    const child = execFile(
      "bash",
      ["--norc", "-euo", "pipefail", "-c", text],
      options,
      (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : (error.code ?? error.signal ?? "?"), output: stdout + stderr }),
    );
    child.stdin?.end();
  });
  const expected = Number(info.exit ?? 0);
  if (code !== expected) return `exit ${code} instead of ${expected}:\n${output}`;
  if (!output.includes(info.shows ?? "")) return `does not show ${info.shows}:\n${output}`;
  return undefined;
}

/** @returns what is wrong with the query, or undefined. */
export async function runPromqlBlock(
  { text, info }: CodeBlock,
  prometheus: Prometheus,
): Promise<string | undefined> {
  try {
    const samples = await prometheus.query(text);
    return "data" in info && samples.length === 0 ? "returns nothing" : undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
