import fs from "node:fs";
import { errorCode } from "../core/errors.ts";
import { becomes, signalProcess } from "./process-group.ts";

/**
 * For a resumed run: ends every process that still carries the mark of the killed one in its environment, TERM first,
 * KILL after the grace period. What a run writes down of its processes misses one that was started the moment before
 * it was killed, and those that have left their group.
 *
 * Where there is no /proc nothing is done.
 */
export async function endProcessesOfRun(runId: string, graceMs: number): Promise<void> {
  const isLeft = () => processesOfRun(runId).length > 0;
  for (const [signal, waitMs] of [
    ["SIGTERM", graceMs],
    ["SIGKILL", 1000],
  ] as const) {
    for (const pid of processesOfRun(runId)) {
      signalProcess(pid, signal);
      // One that is stopped does not hear it before.
      signalProcess(pid, "SIGCONT");
    }
    if (await becomes(() => !isLeft(), waitMs)) return;
  }
}

function processesOfRun(runId: string): readonly number[] {
  const mark = `TTA_RUN_ID=${runId}`;
  return listProcesses().filter((pid) => pid !== process.pid && environmentOf(pid).includes(mark));
}

function listProcesses(): readonly number[] {
  try {
    return fs.readdirSync("/proc").map(Number).filter(Number.isInteger);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return [];
  }
}

/** Of a process that is ours; a zombie's is empty. */
function environmentOf(pid: number): readonly string[] {
  try {
    return fs.readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return [];
  }
}
