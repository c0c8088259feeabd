import { spawn } from "node:child_process";
import { onTestFinished, test } from "vitest";
import { currentOwner, isProvablyDead } from "../../src/core/owner.ts";
import { endProcessesOfRun } from "../../src/workflow/leftovers.ts";
import { waitFor } from "../support/wait-for.ts";

/** A process of its own session that carries a run's mark, once it has its script's traps. */
async function startMarked(runId: string, script: string) {
  const child = spawn("sh", ["-c", `${script}; echo ready; while :; do sleep 0.05; done`], {
    detached: true,
    env: { PATH: process.env.PATH, TTA_RUN_ID: runId },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const { pid = 0 } = child;
  onTestFinished(() => void child.kill("SIGKILL"));
  let printed = "";
  child.stdout.on("data", (chunk) => {
    printed += String(chunk);
  });
  await waitFor(() => printed.includes("ready"), { what: "the process to begin" });
  const owner = currentOwner(pid);
  return { isGone: () => isProvablyDead(owner) };
}

test.skipIf(process.platform !== "linux")(
  "ends what carries the run's mark, whether or not it hears TERM, and nothing else",
  async ({ expect }) => {
    const hears = await startMarked("20260101-000000-aaaa", "true");
    const isDeaf = await startMarked("20260101-000000-aaaa", "trap '' TERM");
    const other = await startMarked("20260101-000000-aaab", "true");
    await endProcessesOfRun("20260101-000000-aaaa", 200);
    expect([hears.isGone(), isDeaf.isGone(), other.isGone()]).toEqual([true, true, false]);
  },
);
