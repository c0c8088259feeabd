import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { RunOptions } from "./run-binary.ts";

const KILL_AT = fileURLToPath(new URL("./kill-at.cjs", import.meta.url));
const FAULT_FS = fileURLToPath(new URL("./fault-fs.cjs", import.meta.url));
const DENY_FS = fileURLToPath(new URL("./deny-fs.cjs", import.meta.url));
const CLOCK_AT = fileURLToPath(new URL("./clock-at.cjs", import.meta.url));
const NO_FSYNC = fileURLToPath(new URL("./no-fsync.cjs", import.meta.url));
const MAX_RSS = fileURLToPath(new URL("./max-rss.cjs", import.meta.url));

type Preload = Required<Pick<RunOptions, "nodeArgs" | "env">>;

export interface StepFilter {
  /** Matched against `<name>:<path>` of each step; all count when left out. */
  readonly only?: RegExp;
}

export interface KillPoint extends StepFilter {
  /** Counting from 1. */
  readonly step: number;
  readonly when: "before" | "after" | "torn";
}

/** Run options that kill the process at a step. See `kill-at.cjs`. */
export function killAt(point: KillPoint): Preload {
  return {
    nodeArgs: ["--require", KILL_AT],
    env: { KILL_AT: String(point.step), KILL_WHEN: point.when, ...onlyVariable(point) },
  };
}

/** Run options that let the process run and write its steps to a file, for `readSteps`. */
export function logSteps(logFile: string, filter: StepFilter = {}): Preload {
  return { nodeArgs: ["--require", KILL_AT], env: { KILL_LOG: logFile, ...onlyVariable(filter) } };
}

function onlyVariable({ only }: StepFilter): { KILL_ONLY?: string } {
  return only === undefined ? {} : { KILL_ONLY: only.source };
}

/** `<name>:<last two parts of the path>` of each step; the n-th one (from 1) is what `step: n` kills at. */
export function readSteps(logFile: string): string[] {
  if (!existsSync(logFile)) return [];
  const lines = readFileSync(logFile, "utf8").trimEnd().split("\n");
  return lines.map((line) => line.replace(/^\d+ \d+ /, ""));
}

/** Run options under which files fail, or calls wait, as `faults` say. See `fault-fs.cjs`. */
export function withFaults(...faults: readonly string[]): Preload {
  return { nodeArgs: ["--require", FAULT_FS], env: { FAULT: faults.join(";") } };
}

/** Run options under which the file system denies what `what` says. See `deny-fs.cjs`. */
export function denying(what: string): Preload {
  return { nodeArgs: ["--require", DENY_FS], env: { DENY: what } };
}

/** Run options under which the process writes its largest resident size, in KiB, to a file. */
export function maxRssTo(file: string): Preload {
  return { nodeArgs: ["--require", MAX_RSS], env: { MAX_RSS: file } };
}

/** Arguments of Node under which nothing waits for the disk. See `no-fsync.cjs`. */
export const WITHOUT_FSYNC = ["--require", NO_FSYNC] as const;

/** Run options under which it is another time, and time passes faster, in this process alone. See `clock-at.cjs`. */
export function clockAt(offsetMs: number, speed = 1): Preload {
  return {
    nodeArgs: ["--require", CLOCK_AT],
    env: { CLOCK_OFFSET_MS: String(offsetMs), CLOCK_SPEED: String(speed) },
  };
}
