import fs from "node:fs";
import { writeFully } from "../core/atomic-file.ts";
import { errorCode } from "../core/errors.ts";
import { namesIn } from "../core/filesystem.ts";
import { hashText } from "../core/hash.ts";
import { ensureDirectory, type Home } from "../core/home.ts";

/** What one experiment on a dataset came to. */
export interface ExperimentSummary {
  readonly name: string;
  /** When it began, milliseconds since the epoch. */
  readonly at: number;
  readonly model: string;
  readonly persona: string;
  /** `name@label`, version 3; absent for a template. */
  readonly prompt?: { readonly name: string; readonly version: number; readonly label?: string };
  readonly judge?: string;
  readonly items: number;
  readonly failed: number;
  readonly scored: number;
  /** Absent where nothing was scored. */
  readonly meanScore?: number;
  readonly costUsd: number;
  readonly unpricedCalls: number;
  /** Absent where no call was answered. */
  readonly meanLatencySeconds?: number;
}

/** Keeps it as the dataset's latest. @throws the system's error. */
export function keepExperiment(home: Home, dataset: string, summary: ExperimentSummary): void {
  ensureDirectory(home.experiments);
  const fd = fs.openSync(pathOf(home, dataset), "a", 0o600);
  try {
    // As in the journal, the line break before it cuts it off from what a crash left.
    writeFully(fd, Buffer.from(`\n${JSON.stringify(summary)}\n`));
  } finally {
    fs.closeSync(fd);
  }
}

/** The dataset's latest; undefined where there is none. */
export function lastExperiment(home: Home, dataset: string): ExperimentSummary | undefined {
  let text: string;
  try {
    text = fs.readFileSync(pathOf(home, dataset), "utf8");
  } catch (error) {
    if (errorCode(error) !== undefined) return undefined;
    throw error;
  }
  return text
    .split("\n")
    .flatMap((line) => summaryOf(line) ?? [])
    .at(-1);
}

/** The datasets that experiments are kept of, in order; of the longest ones nobody knows the whole name. */
export function knownDatasets(home: Home): readonly string[] {
  return namesIn(home.experiments)
    .filter((file) => file.endsWith(".jsonl"))
    .flatMap((file) => {
      const plain = file.slice(0, -".jsonl".length);
      return CUT_NAME.test(plain) ? [] : [decoded(plain)];
    })
    .filter((name) => name !== undefined)
    .sort();
}

const CUT_NAME = /^.{80}-[0-9a-f]{14}$/;

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Names of datasets may have slashes, and be longer than a file's may. */
function pathOf(home: Home, dataset: string): string {
  const plain = encodeURIComponent(dataset);
  const name = plain.length <= 100 ? plain : `${plain.slice(0, 80)}-${hashText(dataset)}`;
  return `${home.experiments}/${name}.jsonl`;
}

function summaryOf(line: string): ExperimentSummary | undefined {
  try {
    const value = JSON.parse(line) as Partial<Record<keyof ExperimentSummary, unknown>> | null;
    const numbers = [
      value?.at,
      value?.items,
      value?.failed,
      value?.scored,
      value?.costUsd,
      value?.unpricedCalls,
    ];
    const optional = [value?.meanScore, value?.meanLatencySeconds];
    const isGood =
      [value?.name, value?.model, value?.persona].every((text) => typeof text === "string") &&
      numbers.every(Number.isFinite) &&
      optional.every((number) => number === undefined || Number.isFinite(number));
    return isGood ? (value as ExperimentSummary) : undefined;
  } catch {
    return undefined;
  }
}
