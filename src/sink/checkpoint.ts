import fs from "node:fs";
import { ensureDirectory, type Home } from "../core/home.ts";
import type { Cursor } from "../journal/segments.ts";
import { checkpointDirectory } from "../projection/checkpoint-cursors.ts";
import { readSnapshot, type Snapshot, writeSnapshot } from "../projection/snapshot.ts";

export type SinkName = "pushgateway" | "otlp" | "langfuse";

/** How delivery to one destination goes. Kept in the checkpoint, not in facts, or it would feed itself. */
export interface SinkHealth {
  /** Attempts that failed, by reason, since the checkpoint began. */
  readonly failures: Readonly<Record<string, number>>;
  /** Records that went to the dead letters or were evicted, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly lastSuccessAt?: number;
  /** Set while the last attempt failed. */
  readonly failing?: { readonly since: number; readonly reason: string; readonly detail?: string };
}

/** Where a sink stands in the journal, and what it needs to go on from there. */
export interface SinkState<Own> {
  readonly health: SinkHealth;
  readonly own: Own;
  /** Absent while nothing is in doubt. */
  readonly inFlight?: InFlight;
  /** Set while facts before this one are gone through again: the backend may have what they make. */
  readonly againUntilSeq?: number;
}

/** Spans that were sent, or are about to be, and of which it is not known whether they arrived. */
export interface InFlight {
  readonly spanIds: readonly string[];
  /** Between which they began, milliseconds since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
}

export type Checkpoint<Own> = Snapshot<SinkState<Own>>;

const CHECKPOINT_SCHEMA = 1;

const healthy: SinkHealth = { failures: {}, dropped: {} };

export function newCheckpoint<Own>(cursor: Cursor, own: Own): Checkpoint<Own> {
  return { cursor, state: { health: healthy, own } };
}

/** @param destinationHash of what the sink delivers to: another destination has a checkpoint of its own. */
export function checkpointPath(home: Home, sink: SinkName, destinationHash: string): string {
  return `${checkpointDirectory(home)}/${sink}-${destinationHash}.json`;
}

export function readCheckpoint<Own>(path: string): Checkpoint<Own> | undefined {
  return readSnapshot<SinkState<Own>>(path, CHECKPOINT_SCHEMA);
}

/** Under the lease only. @throws the system's error, and `ENOENT` rather than bring a removed home back to life. */
export function writeCheckpoint<Own>(home: Home, path: string, checkpoint: Checkpoint<Own>): void {
  ensureState(home);
  writeSnapshot(path, CHECKPOINT_SCHEMA, checkpoint);
}

function ensureState(home: Home): void {
  fs.accessSync(home.data);
  ensureDirectory(home.state);
}

export function withSuccess(health: SinkHealth, now: number): SinkHealth {
  const { failing: _, ...rest } = health;
  return { ...rest, lastSuccessAt: now };
}

export function withFailure(health: SinkHealth, reason: string, now: number, detail?: string): SinkHealth {
  return {
    ...health,
    failures: { ...health.failures, [reason]: (health.failures[reason] ?? 0) + 1 },
    failing: {
      since: health.failing?.since ?? now,
      reason,
      ...(detail === undefined ? {} : { detail }),
    },
  };
}

export function withDropped(health: SinkHealth, reason: string, count: number): SinkHealth {
  return {
    ...health,
    dropped: { ...health.dropped, [reason]: (health.dropped[reason] ?? 0) + count },
  };
}

/** Puts records aside that a backend refuses for good, with its reason, one JSON line each. @throws as above. */
export function appendDeadLetters(
  home: Home,
  sink: SinkName,
  letters: readonly {
    readonly at: number;
    readonly reason: string;
    readonly detail?: string;
    readonly record: unknown;
  }[],
): void {
  ensureState(home);
  const text = letters.map((letter) => `${JSON.stringify(letter)}\n`).join("");
  fs.appendFileSync(deadLetterPath(home, sink), text, { mode: 0o600, flush: true });
}

export function deadLetterPath(home: Home, sink: SinkName): string {
  return `${home.state}/dead-letters-${sink}.jsonl`;
}

/** How many records lie there. */
export function countDeadLetters(home: Home, sink: SinkName): number {
  const path = deadLetterPath(home, sink);
  if (!fs.existsSync(path)) return 0;
  return fs.readFileSync(path, "utf8").split("\n").length - 1;
}
