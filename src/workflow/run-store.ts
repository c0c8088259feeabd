import fs from "node:fs";
import { replaceFile } from "../core/atomic-file.ts";
import { errorCode } from "../core/errors.ts";
import { ensureDirectory } from "../core/home.ts";
import { isProvablyDead, type Owner } from "../core/owner.ts";
import { randomHex } from "../core/random.ts";

/** Outputs of a stage, unmasked, by key. */
export type Outputs = Readonly<Record<string, string>>;

/** What a run was started with; unmasked, so it lies in a file of mode 0600 and nowhere else. */
export interface RunInput {
  readonly workflow: string;
  readonly cwd: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly owner: Owner;
  readonly startedAt: number;
  readonly trace: { readonly traceId: string; readonly spanId: string };
  /** Id of the run that it goes on with, which it takes the place of. */
  readonly resumes?: string;
}

/**
 * What a resumed run needs as it is: `runs/<id>/` with the parameters, the outputs of each finished stage, and the
 * processes that were started. It is removed when the run has succeeded.
 */
export interface RunStore {
  readonly id: string;
  readonly dir: string;
  /** Where a file of this run for a stage is; nothing is written. */
  file(kind: "scripts" | "outputs", name: string): string;
  /** The stage has succeeded; told before its fact, so that a run killed in between does not repeat it. */
  keepStage(stage: string, outputs: Outputs): void;
  keepProcess(stage: string, process: StartedProcess): void;
  forgetProcess(stage: string): void;
  remove(): void;
}

export interface StartedProcess {
  readonly pid: number;
  /** As `Owner.start`. */
  readonly start: string;
}

/** What is known of a run that did not succeed. */
export interface StoredRun {
  readonly id: string;
  readonly record: RunInput;
  readonly stages: ReadonlyMap<string, Outputs>;
  readonly processes: readonly StartedProcess[];
  readonly isAlive: boolean;
}

/**
 * Begins a run with what is taken over from the one that it resumes. Only with its last step does it count, so that
 * one killed on the way does not hide the older one, which knows more.
 *
 * @throws the system's error.
 */
export function createRun(runs: string, record: RunInput, reused: ReadonlyMap<string, Outputs>): RunStore {
  ensureDirectory(runs);
  for (;;) {
    const id = `${timeStamp(record.startedAt)}-${randomHex(2)}`;
    const dir = `${runs}/${id}`;
    try {
      fs.mkdirSync(dir, { mode: 0o700 });
    } catch (error) {
      if (errorCode(error) === "EEXIST") continue;
      throw error;
    }
    // Now: later the disk may be full.
    for (const kind of KINDS) fs.mkdirSync(`${dir}/${kind}`, { mode: 0o700 });
    const store = openStore(id, dir);
    for (const [stage, outputs] of reused) store.keepStage(stage, outputs);
    replaceFile(`${dir}/run.json`, `${JSON.stringify(record)}\n`);
    return store;
  }
}

const KINDS = ["scripts", "outputs", "stages", "processes"] as const;

function openStore(id: string, dir: string): RunStore {
  const path = (kind: (typeof KINDS)[number], name: string) => `${dir}/${kind}/${name}`;
  return {
    id,
    dir,
    file: path,
    keepStage: (stage, outputs) =>
      replaceFile(path("stages", `${stage}.json`), `${JSON.stringify(outputs)}\n`),
    keepProcess: (stage, started) =>
      replaceFile(path("processes", `${stage}.json`), `${JSON.stringify(started)}\n`, false),
    forgetProcess: (stage) => fs.rmSync(path("processes", `${stage}.json`), { force: true }),
    remove: () => removeRun(dir),
  };
}

/**
 * Runs that did not succeed, the newest first; what makes no sense is passed over, and so is one whose place another
 * has taken, though it was killed before it could remove it.
 */
export function listStoredRuns(runs: string): readonly StoredRun[] {
  const stored = readStoredRuns(runs);
  const replaced = replacedIds(stored);
  return stored.filter(({ id }) => !replaced.has(id));
}

function replacedIds(stored: readonly StoredRun[]): ReadonlySet<string | undefined> {
  return new Set(stored.map(({ record }) => record.resumes));
}

function readStoredRuns(runs: string): readonly StoredRun[] {
  const stored = idsIn(runs).flatMap((id) => {
    const record = readRecord(`${runs}/${id}`);
    if (record === undefined) return [];
    const stages = readAll(`${runs}/${id}/stages`) as ReadonlyMap<string, Outputs>;
    const processes = [...readAll(`${runs}/${id}/processes`).values()] as readonly StartedProcess[];
    return [{ id, record, stages, processes, isAlive: !isProvablyDead(record.owner) }];
  });
  // Ids tell seconds, and more than one run may begin within one.
  return stored.sort((a, b) => b.record.startedAt - a.record.startedAt);
}

/** What a later run would like to know must not be what this one fails of: a full disk, a read-only home. */
export function ifPossible(keep: () => void): void {
  try {
    keep();
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
  }
}

export function removeStoredRun(runs: string, id: string): void {
  removeRun(`${runs}/${id}`);
}

/**
 * Makes a run that did not succeed this process's to go on with: of several that want to, one gets it.
 *
 * @returns false when another process goes on with it, or has already taken its place.
 * @throws the system's error.
 */
export function takeStoredRun(runs: string, id: string, owner: Owner): boolean {
  const dir = `${runs}/${id}`;
  try {
    // Links by number, as a lease has them: making one is atomic, and the number of a dead owner is not used again.
    const last = Math.max(
      0,
      ...fs.readdirSync(dir).map((name) => Number(/^taken\.(\d+)$/.exec(name)?.[1] ?? 0)),
    );
    const holder = last === 0 ? undefined : (JSON.parse(fs.readlinkSync(`${dir}/taken.${last}`)) as Owner);
    if (holder !== undefined && !isProvablyDead(holder)) return false;
    fs.symlinkSync(JSON.stringify(owner), `${dir}/taken.${last + 1}`);
  } catch (error) {
    // It is gone, or somebody was faster.
    if (["ENOENT", "EEXIST"].includes(errorCode(error) ?? "")) return false;
    throw error;
  }
  // It may just be on its way out.
  return readRecord(dir) !== undefined;
}

/**
 * Removes runs that began longer ago than facts are kept, those whose place another has taken, and what was left long
 * ago by one that was killed while it was made or removed.
 */
export function pruneStoredRuns(runs: string, before: number): void {
  const stored = readStoredRuns(runs);
  const replaced = replacedIds(stored);
  for (const { id, record, isAlive } of stored) {
    if (!isAlive && (record.startedAt < before || replaced.has(id))) removeStoredRun(runs, id);
  }
  for (const id of idsIn(runs)) {
    const dir = `${runs}/${id}`;
    const changedAt = fs.statSync(dir, { throwIfNoEntry: false })?.mtimeMs ?? before;
    if (changedAt < before && readRecord(dir) === undefined) removeRun(dir);
  }
}

/** First what makes it count: one whose stages are gone in part would be resumed, and do them again. */
function removeRun(dir: string): void {
  fs.rmSync(`${dir}/run.json`, { force: true });
  // Another process may be at it as well.
  fs.rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
}

function idsIn(runs: string): readonly string[] {
  return fs.existsSync(runs) ? fs.readdirSync(runs) : [];
}

function readRecord(dir: string): RunInput | undefined {
  const record = readJson(`${dir}/run.json`) as RunInput | undefined;
  return typeof record?.workflow === "string" && typeof record.owner?.pid === "number" ? record : undefined;
}

function readAll(dir: string): ReadonlyMap<string, unknown> {
  const all = new Map<string, unknown>();
  for (const name of fs.existsSync(dir) ? fs.readdirSync(dir) : []) {
    if (!name.endsWith(".json")) continue;
    const value = readJson(`${dir}/${name}`);
    if (value !== undefined) all.set(name.slice(0, -".json".length), value);
  }
  return all;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(fs.readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** `20261124-133015`, in UTC. */
function timeStamp(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
}
