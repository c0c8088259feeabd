import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/**
 * Ids of the living processes that were started with this TTA_PERSONA_HOME. Where there is no /proc, those that
 * the home's leases name.
 */
export function processesOfHome(home: string): number[] {
  const pids = list("/proc").map(Number).filter(Number.isInteger);
  const others =
    pids.length > 0 ? pids.filter((pid) => worksOn(home, pid)) : leaseOwners(home).filter(isAlive);
  return others.filter((pid) => pid !== process.pid);
}

function worksOn(home: string, pid: number): boolean {
  try {
    // A zombie's environment is empty.
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`TTA_PERSONA_HOME=${home}`);
  } catch {
    return false;
  }
}

/** Each lease is a symbolic link whose target is JSON that names the owner. */
function leaseOwners(home: string): number[] {
  return list(join(home, "lease")).flatMap((name) => {
    try {
      const pid: unknown = JSON.parse(readlinkSync(join(home, "lease", name)))?.owner?.pid;
      return typeof pid === "number" && pid > 1 ? [pid] : [];
    } catch {
      return [];
    }
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
