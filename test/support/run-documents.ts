import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import type { CodeBlock } from "./markdown.ts";
import type { Prometheus } from "./real-servers.ts";
import { repositoryRoot, type Sandbox } from "./run-binary.ts";

/**
 * Runs what a document shows. Blocks of `sh` are given to bash as they are, each in a sandbox that its test prepares;
 * blocks of `promql` to a real Prometheus; blocks of files are written. What is expected stands behind the language:
 *
 * - `exit=1`: the exit code of the block, 0 where nothing is said; it ends at the first command that fails;
 * - `shows="text"`: what its output, standard error included, has somewhere;
 * - `given="name"`: the state that it needs, which the test brings about;
 * - `session="name"`: it shares a sandbox with the other blocks of that name, and comes after those before it;
 * - `file="path"`: it is the content of that file, in the project or (`~/`) the home of its session;
 * - `ci="provider"` (yaml): the pipeline of a CI provider, which a test of its own runs;
 * - `data` (promql): the query has to return something, and only numbers;
 * - `no-run reason="…"`: it cannot be run in a test; the reason must be told.
 */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  sh: ["exit", "shows", "given", "session", "no-run", "reason"],
  promql: ["data", "no-run", "reason"],
  yaml: ["ci", "session", "file"],
  markdown: ["session", "file"],
  csv: ["session", "file"],
  json: ["session", "file"],
};

const BLOCK_TIMEOUT_MS = 60_000;

/** What is wrong with how a block is marked, or undefined. */
export function markingProblem({ language, info }: CodeBlock): string | undefined {
  const unknown = Object.keys(info).filter((key) => !KNOWN[language]?.includes(key));
  if (unknown.length > 0) return `unknown marks: ${unknown.join(", ")}`;
  if (language !== "sh" && info.session !== undefined && info.file === undefined) return "no file";
  if ("no-run" in info && (info.reason ?? "") === "") return "no-run without a reason";
  return undefined;
}

export const isRun = ({ info }: CodeBlock): boolean => !("no-run" in info);

/** As a test's name: `runbook.md:17 tta-persona doctor`. */
export function nameOfBlock({ file, line, text }: CodeBlock): string {
  return `${file}:${line} ${text.trim().split("\n")[0] ?? ""}`;
}

/** Puts `tta-persona` into the path of a sandbox, as an installed one is. @returns the PATH to run blocks with. */
export function installInto(sandbox: Sandbox): string {
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

/** Writes the file that a block is the content of. */
export function writeFileBlock({ text, info }: CodeBlock, { project, userHome }: Sandbox): void {
  const { file: path = "" } = info;
  const file = path.startsWith("~/") ? join(userHome, path.slice(2)) : join(project, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** @returns what is wrong with the query, or undefined. */
export async function runPromqlBlock(
  { text, info }: CodeBlock,
  prometheus: Prometheus,
): Promise<string | undefined> {
  try {
    const samples = await prometheus.query(text);
    if (!("data" in info)) return undefined;
    if (samples.length === 0) return "returns nothing";
    return samples.every(({ value }) => Number.isFinite(value)) ? undefined : "returns what is no number";
  } catch (error) {
    return (error as Error).message;
  }
}
