import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { currentOwner, type Owner } from "../../src/core/owner.ts";
import { createRun, listStoredRuns, pruneStoredRuns, type RunInput } from "../../src/workflow/run-store.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const NOW = Date.UTC(2026, 10, 24, 13, 30, 15);

const input = (more: Partial<RunInput> = {}): RunInput => ({
  workflow: "release",
  cwd: "/project",
  parameters: { text: "$(rm -rf ~)\nü" },
  owner: currentOwner(),
  startedAt: NOW,
  trace: { traceId: "1".repeat(32), spanId: "2".repeat(16) },
  ...more,
});

async function deadOwner(): Promise<Owner> {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 60_000)"], { stdio: "ignore" });
  const owner = currentOwner(child.pid);
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
  return owner;
}

test("what a resumed run needs is there, unchanged, and for nobody else to read", ({ expect }) => {
  const runs = join(temporaryDirectory(), "runs");
  const store = createRun(runs, input(), new Map([["before", { key: "a\nb" }]]));
  store.keepStage("bump", { version: "1.2.3", text: "'\"$x" });
  store.keepProcess("test", { pid: 12, start: "34" });
  store.keepProcess("pack", { pid: 56, start: "78" });
  store.forgetProcess("test");
  store.forgetProcess("never");

  expect(store.id).toMatch(/^20261124-133015-[0-9a-f]{4}$/);
  const [run, ...others] = listStoredRuns(runs);
  expect(others).toEqual([]);
  expect(run).toMatchObject({ id: store.id, record: input(), isAlive: true });
  expect(run?.processes).toEqual([{ pid: 56, start: "78" }]);
  expect(Object.fromEntries(run?.stages ?? [])).toEqual({
    before: { key: "a\nb" },
    bump: { version: "1.2.3", text: "'\"$x" },
  });
  for (const name of fs.readdirSync(store.dir, { recursive: true, encoding: "utf8" })) {
    const stat = fs.statSync(join(store.dir, name));
    expect(stat.mode & 0o077, name).toBe(0);
  }
  store.remove();
  expect(fs.readdirSync(runs)).toEqual([]);
});

test("the newest is the one that began last, whatever its id", ({ expect }) => {
  const runs = temporaryDirectory();
  const starts = [3, 9, 1, 7, 5];
  for (const more of starts) createRun(runs, input({ startedAt: NOW + more }), new Map());
  expect(listStoredRuns(runs).map(({ record }) => record.startedAt - NOW)).toEqual([9, 7, 5, 3, 1]);
});

test("a run counts only once it is complete, and what makes no sense is passed over", ({ expect }) => {
  const runs = temporaryDirectory();
  expect(listStoredRuns(join(runs, "nowhere"))).toEqual([]);
  const { id, dir } = createRun(runs, input(), new Map());
  fs.mkdirSync(join(runs, "begun", "stages"), { recursive: true });
  for (const [name, text] of Object.entries({ torn: '{"work', list: "[]", other: '{"workflow":1}' })) {
    fs.mkdirSync(join(runs, name));
    fs.writeFileSync(join(runs, name, "run.json"), text);
  }
  fs.writeFileSync(join(runs, "file"), "");
  fs.writeFileSync(join(dir, "stages", "torn.json"), '{"a":');
  fs.writeFileSync(join(dir, "stages", "one.json.abc.tmp"), "{}");
  const [run, ...others] = listStoredRuns(runs);
  expect(others).toEqual([]);
  expect(run?.id).toBe(id);
  expect([...(run?.stages ?? [])]).toEqual([]);
});

test("old runs are removed, and the remains of those that were never complete; living ones stay", async ({
  expect,
}) => {
  const runs = temporaryDirectory();
  const owner = await deadOwner();
  const day = 86_400_000;
  const create = (more: Partial<RunInput>) => createRun(runs, input(more), new Map()).id;
  create({ owner, startedAt: NOW - 40 * day });
  const recent = create({ owner, startedAt: NOW - day });
  const alive = create({ startedAt: NOW - 40 * day });
  for (const [name, age] of [
    ["old-remains", 40],
    ["fresh-remains", 0],
  ] as const) {
    fs.mkdirSync(join(runs, name, "stages"), { recursive: true });
    const at = (NOW - age * day) / 1000;
    fs.utimesSync(join(runs, name), at, at);
  }
  pruneStoredRuns(runs, NOW - 30 * day);
  expect(fs.readdirSync(runs).sort()).toEqual([recent, alive, "fresh-remains"].sort());
  pruneStoredRuns(join(runs, "nowhere"), NOW);
});
