import fs from "node:fs";
import type { GroupingKey } from "../backend/pushgateway-group.ts";
import { replaceFile } from "../core/atomic-file.ts";
import { ciFromEnvironment } from "../core/ci.ts";
import { type Environment, envFlag } from "../core/environment.ts";
import { ensureDirectory, type Home } from "../core/home.ts";
import { hostName } from "../core/owner.ts";
import { randomHex } from "../core/random.ts";

export interface PushIdentity {
  readonly group: GroupingKey;
  /** To be kept before the first push under it; undefined where it is kept already, or not needed. */
  readonly unsaved?: Installation;
  /** A CI job on an empty disk: its totals begin at 0 under a key that the jobs before it used too. */
  readonly ephemeral: boolean;
}

/** Written once per home: whose totals these are. */
export interface Installation {
  readonly id: string;
  readonly createdAt: number;
  /** The CI run that made the home, null outside CI. */
  readonly ciRun: string | null;
}

const JOB = "tta-persona";

/** Where a CI provider gives no run id, a home this old outlived the job that made it. */
const LONGEST_CI_JOB_MS = 6 * 3_600_000;

/**
 * The grouping key to push under. A home that outlives its jobs has an instance of its own, whether at a
 * desk or on a runner with a disk. A home that a CI run has just made is gone with it: its runs share one
 * stable key per pipeline and slot, or the gateway would fill with groups that nobody pushes to again.
 *
 * @param instance from the settings; goes before everything else.
 */
export function pushIdentity(
  home: Home,
  env: Environment,
  instance: string | undefined,
  now: number,
): PushIdentity {
  if (instance !== undefined) return { group: { job: JOB, labels: { instance } }, ephemeral: false };
  const kept = readInstallation(home);
  const installation = kept ?? newInstallation(env, now);
  const unsaved = kept === undefined ? { unsaved: installation } : {};
  if (!isEphemeral(installation, env, now)) {
    return { group: { job: JOB, labels: { instance: installation.id } }, ephemeral: false, ...unsaved };
  }
  const { pipeline, slot } = ciFromEnvironment(env);
  return { group: { job: JOB, labels: { instance: "ci", pipeline, slot } }, ephemeral: true, ...unsaved };
}

function isEphemeral(installation: Installation, env: Environment, now: number): boolean {
  if (!envFlag(env, "CI") || installation.ciRun === null) return false;
  const run = currentRun(env);
  return (
    run === installation.ciRun && (run !== UNKNOWN_RUN || now - installation.createdAt < LONGEST_CI_JOB_MS)
  );
}

const UNKNOWN_RUN = "unknown";

function currentRun(env: Environment): string {
  return ciFromEnvironment(env).runId ?? UNKNOWN_RUN;
}

function readInstallation(home: Home): Installation | undefined {
  try {
    const value = JSON.parse(fs.readFileSync(installationPath(home), "utf8")) as Installation;
    return typeof value?.id === "string" && value.id !== "" ? value : undefined;
  } catch {
    return undefined;
  }
}

function newInstallation(env: Environment, now: number): Installation {
  return {
    id: `${hostName()}-${randomHex(3)}`,
    createdAt: now,
    ciRun: envFlag(env, "CI") ? currentRun(env) : null,
  };
}

/** Under the lease only. @throws the system's error. */
export function keepInstallation(home: Home, installation: Installation): void {
  ensureDirectory(home.state);
  replaceFile(installationPath(home), `${JSON.stringify(installation)}\n`);
}

function installationPath(home: Home): string {
  return `${home.state}/installation.json`;
}
