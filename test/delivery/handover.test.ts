import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { currentOwner } from "../../src/core/owner.ts";
import {
  askHandover,
  clearHandover,
  type LeaseRecord,
  passHandover,
  readHandover,
} from "../../src/delivery/lease.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const record = (pid?: number): LeaseRecord => ({
  owner: currentOwner(pid),
  version: "1.0.0",
  deliveryHash: "a",
});

async function anotherProcess(): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn("sleep", ["60"]);
  await once(child, "spawn");
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return child as ChildProcess & { readonly pid: number };
}

test("one process asks at a time; asking again changes nothing", async () => {
  const dir = `${temporaryDirectory()}/lease`;
  const other = await anotherProcess();
  expect(askHandover(dir, record())).toBe(true);
  expect(askHandover(dir, record())).toBe(true);
  expect(askHandover(dir, record(other.pid))).toBe(false);
  expect(readHandover(dir)).toEqual(record());
});

test("a request can be passed to a process that was started for it, and is nobody else's to withdraw then", async () => {
  const dir = `${temporaryDirectory()}/lease`;
  const child = await anotherProcess();
  askHandover(dir, record());
  passHandover(dir, record(child.pid));
  clearHandover(dir);
  expect(readHandover(dir)).toEqual(record(child.pid));
  expect(askHandover(dir, record())).toBe(false);
});

test("whoever asked and died is in nobody's way", async () => {
  const dir = `${temporaryDirectory()}/lease`;
  const child = await anotherProcess();
  askHandover(dir, record(child.pid));
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(readHandover(dir)).toBeUndefined();
  expect(askHandover(dir, record())).toBe(true);
  expect(readHandover(dir)).toEqual(record());
});
