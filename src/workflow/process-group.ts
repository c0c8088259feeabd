import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { errorCode } from "../core/errors.ts";
import { currentOwner } from "../core/owner.ts";

/** How long a process may take to end after a signal before it is killed. */
export const GRACE_MS = 5000;

/** Signals the group that this process leads; false when nothing of it is there or it is not ours. */
export function signalGroup(leader: number, signal: NodeJS.Signals): boolean {
  return kill(-leader, signal);
}

/** Groups that run, by leader. */
const running = new Set<number>();
let isGuarded = false;

/**
 * From now until the returned function is called, the group is killed should this program end: by then its work was
 * given up, since something unforeseen was thrown, and nobody is left to look after it.
 */
export function guardGroup(leader: number): () => void {
  running.add(leader);
  if (!isGuarded) {
    isGuarded = true;
    process.once("exit", () => {
      for (const one of running) signalGroup(one, "SIGKILL");
    });
  }
  return () => running.delete(leader);
}

/** Signals one process; false when it is not there or not ours. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  return kill(pid, signal);
}

/**
 * Ends what is in a group: TERM, KILL after the grace period. Resolves when nothing of it runs any more, at the
 * latest a second after KILL, since a process that the kernel holds cannot be waited for.
 *
 * @param term without it the group was told already, and the grace period is what is left of it.
 */
export async function endGroup(leader: number, graceMs: number, term = true): Promise<void> {
  if (!groupRuns(leader)) return;
  if (term) {
    signalGroup(leader, "SIGTERM");
    // One that is stopped does not hear it before.
    signalGroup(leader, "SIGCONT");
  }
  if (await groupEnds(leader, graceMs)) return;
  signalGroup(leader, "SIGKILL");
  await groupEnds(leader, 1000);
}

/**
 * For a resumed run: ends the process that a killed run has left behind, with its group.
 *
 * @param start its start time, as `currentOwner(pid).start` told when it ran: another process that has its pid
 * now is let alone. Where the system does not tell start times, nothing is done.
 * @returns whether it was there.
 */
export async function endLeftoverGroup(pid: number, start: string, graceMs = GRACE_MS): Promise<boolean> {
  const isThere = () => pid > 1 && start !== "" && currentOwner(pid).start === start;
  if (!isThere()) return false;
  if (groupRuns(pid)) {
    await endGroup(pid, graceMs);
    return true;
  }
  // It leads no group: it ran in the one of its terminal.
  signalProcess(pid, "SIGTERM");
  if (!(await becomes(() => !isThere(), graceMs)) && isThere()) signalProcess(pid, "SIGKILL");
  await becomes(() => !isThere(), 1000);
  return true;
}

function groupEnds(leader: number, timeoutMs: number): Promise<boolean> {
  return becomes(() => !groupRuns(leader), timeoutMs);
}

/** Waits for a condition. @returns whether it came about in time. */
export async function becomes(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (let pauseMs = 5; !condition(); pauseMs = Math.min(2 * pauseMs, 100)) {
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) return false;
    await sleep(Math.min(pauseMs, leftMs));
  }
  return true;
}

/**
 * Whether a process of the group runs. One that has ended and that nobody waits for, as in a container whose
 * first process does not, still takes signals; only /proc tells it apart.
 */
function groupRuns(leader: number): boolean {
  if (!kill(-leader, 0)) return false;
  const states = groupStates(leader);
  return states === undefined || states.some((state) => state !== "Z" && state !== "X");
}

/** States of the group's processes from /proc/<pid>/stat; undefined where there is no such thing. */
function groupStates(leader: number): readonly string[] | undefined {
  let names: readonly string[];
  try {
    names = fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return undefined;
  }
  const states: string[] = [];
  for (const name of names) {
    try {
      const stat = fs.readFileSync(`/proc/${name}/stat`, "utf8");
      const [state = "", , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (Number(group) === leader) states.push(state);
    } catch {
      // It ended meanwhile.
    }
  }
  return states.length === 0 ? undefined : states;
}

function kill(target: number, signal: NodeJS.Signals | 0): boolean {
  // 0 is our own group, -1 everything that is ours, 1 the system's first process.
  if (!Number.isInteger(target) || Math.abs(target) <= 1) return false;
  try {
    process.kill(target, signal);
    return true;
  } catch (error) {
    // EPERM: it runs as somebody else now, such as by sudo.
    if (errorCode(error) === "ESRCH" || errorCode(error) === "EPERM") return false;
    throw error;
  }
}
