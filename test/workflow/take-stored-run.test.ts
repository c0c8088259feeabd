import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { expect, test } from "vitest";
import { currentOwner, type Owner } from "../../src/core/owner.ts";
import {
  createRun,
  listStoredRuns,
  pruneStoredRuns,
  type RunInput,
  removeStoredRun,
  takeStoredRun,
} from "../../src/workflow/run-store.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const input = (changes: Partial<RunInput> = {}): RunInput => ({
  workflow: "w",
  cwd: "/",
  parameters: {},
  owner: deadOwner(),
  startedAt: Date.UTC(2026, 0, 1),
  trace: { traceId: "1", spanId: "2" },
  ...changes,
});

function deadOwner(): Owner {
  const { pid } = spawnSync("true");
  return { ...currentOwner(), pid, start: "1" };
}

const begin = (runs: string, changes: Partial<RunInput> = {}) => createRun(runs, input(changes), new Map());

test("one of those that want to go on with a run gets it, and after its death another one", () => {
  const runs = temporaryDirectory();
  const { id } = begin(runs);
  expect(takeStoredRun(runs, id, deadOwner())).toBe(true);
  expect(takeStoredRun(runs, id, currentOwner())).toBe(true);
  expect(takeStoredRun(runs, id, currentOwner())).toBe(false);
});

test("a run that is gone, or is just being removed, is nobody's to go on with", () => {
  const runs = temporaryDirectory();
  const gone = begin(runs);
  removeStoredRun(runs, gone.id);
  expect(takeStoredRun(runs, gone.id, currentOwner())).toBe(false);
  const going = begin(runs);
  fs.rmSync(`${going.dir}/run.json`);
  expect(takeStoredRun(runs, going.id, currentOwner())).toBe(false);
});

test("a run whose place another has taken counts no more, whenever that one was killed", () => {
  const runs = temporaryDirectory();
  const first = begin(runs);
  const second = begin(runs, { resumes: first.id });
  expect(listStoredRuns(runs).map(({ id }) => id)).toEqual([second.id]);
  pruneStoredRuns(runs, 0);
  expect(fs.readdirSync(runs)).toEqual([second.id]);
});
