import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { currentOwner, isProvablyDead } from "../../src/core/owner.ts";
import { waitFor } from "../support/wait-for.ts";

const me = currentOwner();
const [bootId] = me.boot.split("/");

test("this process is alive, and says the same of itself each time", () => {
  expect(isProvablyDead(me)).toBe(false);
  expect(currentOwner()).toEqual(me);
  expect(me.host).not.toBe("");
});

test("a process that ended is dead", async () => {
  const child = spawn("sleep", ["60"]);
  const owner = currentOwner(child.pid);
  expect(isProvablyDead(owner)).toBe(false);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(isProvablyDead(owner)).toBe(true);
});

test.runIf(process.platform === "linux").each([
  ["a pid that was used again", { start: "1" }, true],
  ["another boot", { boot: "4f6c1f7e-0000-0000-0000-000000000000/1" }, true],
  ["another boot, whatever lives under its pid now", { boot: "other", start: me.start }, true],
  ["another host", { host: "elsewhere", start: "1" }, false],
  ["another host and boot", { host: "elsewhere", boot: "other" }, false],
  ["another pid namespace of this boot", { boot: `${bootId}/1`, pid: 2 ** 22 - 1, start: "1" }, false],
  ["an unknown boot", { boot: "" }, false],
  ["an unknown start time", { start: "" }, false],
  ["an unknown start time of a pid that nobody has", { start: "", pid: 2 ** 30 }, true],
])("%s", (_, change, isDead) => {
  expect(isProvablyDead({ ...me, ...change })).toBe(isDead);
});

test.runIf(process.platform === "linux")("a stopped process is not dead", async () => {
  const child = spawn("sleep", ["60"]);
  onTestFinished(() => void child.kill("SIGKILL"));
  const owner = currentOwner(child.pid);
  child.kill("SIGSTOP");
  await waitFor(() => stateOf(owner.pid) === "T", { what: "it to stop" });
  expect(isProvablyDead(owner)).toBe(false);
});

test.runIf(process.platform === "linux")(
  "a process that ended and that nobody waits for is dead",
  async () => {
    const parent = spawn("sh", ["-c", "sleep 60 & echo $!; exec sleep 60"]);
    onTestFinished(() => void parent.kill("SIGKILL"));
    const [line] = (await once(parent.stdout, "data")) as [Buffer];
    const owner = currentOwner(Number(line.toString()));
    expect(isProvablyDead(owner)).toBe(false);
    process.kill(owner.pid, "SIGKILL");
    await waitFor(() => stateOf(owner.pid) === "Z", { what: "the zombie" });
    expect(isProvablyDead(owner)).toBe(true);
  },
);

function stateOf(pid: number): string | undefined {
  return /\) (\S)/.exec(fs.readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1];
}
