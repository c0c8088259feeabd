import fs from "node:fs";
import { describe, expect, test } from "vitest";
import { currentOwner, type Owner } from "../../src/core/owner.ts";
import {
  askHandover,
  type LeaseRecord,
  readHandover,
  readLease,
  takeLease,
} from "../../src/delivery/lease.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const HOUR_MS = 3_600_000;
const me = currentOwner();
const unknown: readonly (readonly [string, Owner])[] = [
  ["another host", { ...me, host: "gone" }],
  ["another container", { ...me, boot: `${me.boot.split("/")[0]}/1` }],
  // As on systems without /proc, where the pid may be another process's by now.
  ["a process without a start time", { ...me, start: "" }],
];

function leftBehind(owner: Owner, ageMs: number): string {
  const dir = temporaryDirectory();
  const record: LeaseRecord = { owner, version: "1.0.0", deliveryHash: "a" };
  fs.symlinkSync(JSON.stringify(record), `${dir}/1`);
  const at = new Date(Date.now() - ageMs);
  fs.lutimesSync(`${dir}/1`, at, at);
  return dir;
}

describe.each(unknown)("a lease of %s", (_, owner) => {
  test("is kept for as long as its holder may live", () => {
    const dir = leftBehind(owner, 23 * HOUR_MS);
    expect(readLease(dir).kind).toBe("held");
    expect(takeLease(dir, { owner: me, version: "1.0.0", deliveryHash: "a" })).toBeUndefined();
  });

  test("is given up after a day", () => {
    const dir = leftBehind(owner, 25 * HOUR_MS);
    expect(readLease(dir).kind).toBe("free");
    expect(takeLease(dir, { owner: me, version: "1.0.0", deliveryHash: "a" })).toBe(2);
  });
});

test("one of this host is never given up by its age", () => {
  const dir = leftBehind(me, 1000 * HOUR_MS);
  expect(readLease(dir).kind).toBe("held");
});

describe.each(unknown)("a request for the lease of %s", (_, owner) => {
  const asked = (ageMs: number) => {
    const dir = temporaryDirectory();
    const record: LeaseRecord = { owner, version: "1.0.0", deliveryHash: "a" };
    fs.symlinkSync(JSON.stringify(record), `${dir}/handover`);
    const at = new Date(Date.now() - ageMs);
    fs.lutimesSync(`${dir}/handover`, at, at);
    return dir;
  };

  test("is heard for as long as somebody may wait", () => {
    const dir = asked(HOUR_MS / 2);
    expect(readHandover(dir)).toMatchObject({ owner });
    expect(askHandover(dir, { owner: me, version: "1.0.0", deliveryHash: "b" })).toBe(false);
  });

  test("is given up after an hour, and is in nobody's way", () => {
    const dir = asked(2 * HOUR_MS);
    expect(readHandover(dir)).toBeUndefined();
    const own: LeaseRecord = { owner: me, version: "1.0.0", deliveryHash: "b" };
    expect(askHandover(dir, own)).toBe(true);
    expect(readHandover(dir)).toEqual(own);
  });
});
