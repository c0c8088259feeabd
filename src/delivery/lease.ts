import fs from "node:fs";
import { systemClock } from "../core/clock.ts";
import { removeFile } from "../core/filesystem.ts";
import {
  readGeneration,
  readLink,
  releaseGeneration,
  replaceLink,
  takeGeneration,
} from "../core/generations.ts";
import { ensureDirectory } from "../core/home.ts";
import { currentOwner, lifeOf, type Owner } from "../core/owner.ts";
import { compareVersions } from "../core/version.ts";

/** Who may deliver: what the holder of the lease says of itself. */
export interface LeaseRecord {
  readonly owner: Owner;
  readonly version: string;
  /** Of the settings that it delivers by. */
  readonly deliveryHash: string;
}

export type LeaseState =
  | { readonly kind: "free" }
  | { readonly kind: "held"; readonly generation: number; readonly record: LeaseRecord };

/**
 * The lease is a directory of symbolic links named by generation, of which the highest counts; a link's
 * target is the holder's record. Making a link is atomic and takes its content along, so a generation is
 * taken by one process only, and a generation is never used twice while it could matter: the released one
 * stays as a marker until the next is taken.
 *
 * Never broken by age where life can be told: a holder that is stopped or asleep keeps it, one that is provably
 * dead does not. One of which nothing can be told keeps it for a day: on another host, in another container, or where
 * the system does not tell when a process began.
 */
export function readLease(dir: string): LeaseState {
  const newest = readGeneration(dir);
  if (newest === undefined) return { kind: "free" };
  const { generation, text } = newest;
  const record = text === undefined ? undefined : parseRecord(text);
  if (record === undefined || isGone(`${dir}/${generation}`, record.owner, UNKNOWN_LEASE_MS))
    return { kind: "free" };
  return { kind: "held", generation, record };
}

/** A holder lives an hour at most; whom one cannot see is given a day. */
const UNKNOWN_LEASE_MS = 24 * 3_600_000;

/** Nobody waits for a lease longer than a holder takes to let go, which is seconds. */
const UNKNOWN_HANDOVER_MS = 3_600_000;

/**
 * Dead for certain, or there for longer than any holder lives where nothing is known of it: a container that ended
 * takes its pids along, and a pid is used again; either would hold the lease for ever.
 */
function isGone(path: string, owner: Owner, longestMs: number): boolean {
  const life = lifeOf(owner);
  if (life !== "unknown") return life === "dead";
  const link = fs.lstatSync(path, { throwIfNoEntry: false });
  return link !== undefined && systemClock.now() - link.mtimeMs > longestMs;
}

/** Takes a free lease. @returns the generation, or undefined when somebody holds it or was faster. */
export function takeLease(dir: string, record: LeaseRecord): number | undefined {
  return takeGeneration(dir, JSON.stringify(record), (seen, generation) => {
    const holder = seen === undefined ? undefined : parseRecord(seen);
    return holder === undefined || isGone(`${dir}/${generation}`, holder.owner, UNKNOWN_LEASE_MS);
  });
}

/** Passes the lease that the caller holds on to a process that it has started. */
export function passLease(dir: string, generation: number, record: LeaseRecord): void {
  replaceLink(`${dir}/${generation}`, JSON.stringify(record));
}

/** Gives up the lease; nothing happens when it is not the caller's any more. */
export function releaseLease(dir: string, generation: number): void {
  releaseGeneration(dir, generation);
}

/** True while this generation is the one that counts, and names this owner. */
export function holdsLease(dir: string, generation: number, owner: Owner): boolean {
  const newest = readGeneration(dir);
  if (newest?.generation !== generation || newest.text === undefined) return false;
  const record = parseRecord(newest.text);
  return record !== undefined && isSameOwner(record.owner, owner);
}

/** Whether what `asker` would deliver by goes before what the holder delivers by. */
export function mayAskHandover(asker: LeaseRecord, holder: LeaseRecord): boolean {
  const order = compareVersions(asker.version, holder.version);
  return order > 0 || (order === 0 && asker.deliveryHash !== holder.deliveryHash);
}

/**
 * Asks the holder to finish what it is sending and let go, or, where it delivers by the same settings, to try
 * at once. One asks at a time.
 *
 * @returns false when somebody else who is alive asks already.
 */
export function askHandover(dir: string, asker: LeaseRecord): boolean {
  ensureDirectory(dir);
  const other = readHandover(dir);
  if (other !== undefined && !isSameOwner(other.owner, asker.owner)) return false;
  const path = handoverPath(dir);
  if (other === undefined) removeFile(path);
  try {
    fs.symlinkSync(JSON.stringify(asker), path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const winner = readHandover(dir);
    return winner !== undefined && isSameOwner(winner.owner, asker.owner);
  }
}

/** Puts a process that the caller has started in the place of the caller, who asks. */
export function passHandover(dir: string, asker: LeaseRecord): void {
  replaceLink(handoverPath(dir), JSON.stringify(asker));
}

/** Who asks for the lease, if anybody alive does. */
export function readHandover(dir: string): LeaseRecord | undefined {
  const path = handoverPath(dir);
  const text = readLink(path);
  const record = text === undefined ? undefined : parseRecord(text);
  return record === undefined || isGone(path, record.owner, UNKNOWN_HANDOVER_MS) ? undefined : record;
}

/** Withdraws what this owner asked for; anybody else's request stays. */
export function clearHandover(dir: string, owner: Owner = currentOwner()): void {
  const asker = readHandover(dir);
  if (asker !== undefined && isSameOwner(asker.owner, owner)) removeFile(handoverPath(dir));
}

function handoverPath(dir: string): string {
  return `${dir}/handover`;
}

function isSameOwner(a: Owner, b: Owner): boolean {
  return a.pid === b.pid && a.start === b.start && a.host === b.host && a.boot === b.boot;
}

function parseRecord(text: string): LeaseRecord | undefined {
  try {
    const record = JSON.parse(text) as LeaseRecord;
    return typeof record?.owner?.pid === "number" && typeof record.version === "string" ? record : undefined;
  } catch {
    return undefined;
  }
}
