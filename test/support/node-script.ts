import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { type RunOptions, repositoryRoot } from "./run-binary.ts";

/**
 * Bundles TypeScript that imports from `./src/…` into a CommonJS file which a child process can run.
 *
 * @returns the path of the file.
 */
export function bundleScript(directory: string, name: string, source: string): string {
  const outfile = join(directory, `${name}.cjs`);
  buildSync({
    stdin: { contents: source, resolveDir: repositoryRoot, loader: "ts" },
    bundle: true,
    platform: "node",
    target: "node20.19",
    format: "cjs",
    outfile,
    logLevel: "error",
  });
  return outfile;
}

export interface RunningScript {
  readonly child: ChildProcessWithoutNullStreams;
  readonly pid: number;
  /** Whole lines of standard output so far. */
  lines(): string[];
  /** Resolves when the process is gone and its output read. */
  readonly closed: Promise<{
    readonly code: number | null;
    readonly lines: readonly string[];
    readonly stderr: string;
  }>;
}

/** Starts a script in an environment that holds `PATH` and what `options.env` says. */
export function startScript(
  script: string,
  args: readonly string[],
  options: Pick<RunOptions, "env" | "nodeArgs"> = {},
): RunningScript {
  const env = { PATH: process.env.PATH, ...options.env };
  const child = spawn(process.execPath, [...(options.nodeArgs ?? []), script, ...args], { env });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdin.on("error", () => {});
  const lines = () => stdout.split("\n").slice(0, -1);
  const closed = once(child, "close").then(([code]) => ({
    code: code as number | null,
    lines: lines(),
    stderr,
  }));
  return { child, pid: child.pid ?? 0, lines, closed };
}

/** Runs a script to its end. */
export function runScript(...parameters: Parameters<typeof startScript>): RunningScript["closed"] {
  return startScript(...parameters).closed;
}
