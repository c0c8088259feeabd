import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { readSettings } from "../../src/config/settings.ts";
import { systemClock } from "../../src/core/clock.ts";
import { ensureDirectory, type Home } from "../../src/core/home.ts";
import { currentOwner } from "../../src/core/owner.ts";
import type { DeliveryContext } from "../../src/delivery/context.ts";
import { runDeliverer } from "../../src/delivery/deliverer.ts";
import {
  askHandover,
  type LeaseRecord,
  passHandover,
  readLease,
  releaseLease,
  takeLease,
} from "../../src/delivery/lease.ts";
import { readNotice } from "../../src/delivery/notice.ts";
import { appendFact } from "../../src/journal/append.ts";
import { aSwitch } from "../journal/a-fact.ts";
import { temporaryHome } from "../sink/temporary-home.ts";
import { type FakePushgateway, startFakePushgateway } from "../support/fake-pushgateway.ts";
import { waitFor } from "../support/wait-for.ts";

const SWITCHES = "hypertool_persona_switches_total";
/** Any file that stays as it is. */
const programPath = import.meta.filename;

let home: Home;
let gateway: FakePushgateway;
let context: DeliveryContext;
let own: LeaseRecord;

beforeEach(async () => {
  home = temporaryHome();
  ensureDirectory(home.lease);
  gateway = await startFakePushgateway();
  onTestFinished(() => gateway.close());
  const env = { PUSHGATEWAY_URL: gateway.url };
  const settings = { ...readSettings(home.configFile, env), lingerMs: 60_000 };
  const pushgateway = settings.pushgateway && { ...settings.pushgateway, scrapeIntervalMs: 1 };
  context = {
    home,
    env,
    settings: { ...settings, pushgateway },
    clock: systemClock,
    version: "1.0.0",
    personas: () => [],
    defaultBudgets: () => new Map(),
  };
  own = { owner: currentOwner(), version: "1.0.0", deliveryHash: settings.deliveryHash() };
});

const personas = ["a", "b", "c"];
let made = 0;
function append() {
  const fact = aSwitch(personas[made++ % 3] ?? "", { ts: Date.now() });
  appendFact({ dir: home.journal, segmentBytes: 1 << 20 }, fact);
}

/** As the command does that starts it: takes the lease in its name. */
function lease(): number {
  const generation = takeLease(home.lease, own);
  if (generation === undefined) throw new Error("the lease is held");
  return generation;
}

test("it does not outlive its cap, however much comes in", async () => {
  let isOver = false;
  const running = runDeliverer(context, {
    generation: lease(),
    programPath,
    longestLifeMs: 700,
    holdsFirstValues: true,
    isStopped: () => false,
  }).finally(() => {
    isOver = true;
  });
  const began = performance.now();
  while (!isOver) {
    append();
    await sleep(10);
  }
  await running;
  expect(performance.now() - began).toBeGreaterThan(600);
  expect(readLease(home.lease)).toEqual({ kind: "free" });
});

test("at its cap it has delivered what was there", async () => {
  append();
  await runDeliverer(context, {
    generation: lease(),
    programPath,
    holdsFirstValues: true,
    longestLifeMs: 0,
    isStopped: () => false,
  });
  expect(gateway.requests()).toHaveLength(1);
  expect(readLease(home.lease)).toEqual({ kind: "free" });
});

test("it ends when it is told to stop, and gives the lease back", async () => {
  append();
  let isStopped = false;
  const running = runDeliverer(context, {
    generation: lease(),
    programPath,
    holdsFirstValues: true,
    isStopped: () => isStopped,
  });
  await waitFor(() => gateway.value(SWITCHES) === 1, { what: "the switch" });
  isStopped = true;
  await running;
  expect(readLease(home.lease)).toEqual({ kind: "free" });
});

test("it does not touch a lease that was never passed to it", async () => {
  const other = { ...own, owner: currentOwner(process.ppid) };
  const generation = takeLease(home.lease, other) ?? 0;
  append();
  await runDeliverer(context, { generation, programPath, holdsFirstValues: true, isStopped: () => false });
  expect(gateway.requests()).toEqual([]);
  expect(readLease(home.lease)).toEqual({ kind: "held", generation, record: other });
});

test("one that waits for its turn leaves when one of its kind was faster", async () => {
  const other = { ...own, owner: currentOwner(process.ppid) };
  takeLease(home.lease, other);
  await runDeliverer(context, { generation: 0, programPath, holdsFirstValues: true, isStopped: () => false });
  expect(gateway.requests()).toEqual([]);
});

test("one that waits for its turn takes it when the holder lets go", async () => {
  const other = { ...own, owner: currentOwner(process.ppid), deliveryHash: "other" };
  const generation = takeLease(home.lease, other) ?? 0;
  append();
  let isStopped = false;
  const running = runDeliverer(context, {
    generation: 0,
    programPath,
    holdsFirstValues: true,
    isStopped: () => isStopped,
  });
  releaseLease(home.lease, generation);
  await waitFor(() => gateway.value(SWITCHES) === 1, { what: "the switch" });
  expect(readLease(home.lease)).toMatchObject({ kind: "held", record: own });
  isStopped = true;
  await running;
});

test("asked by other settings it lets go; asked by its own it tries at once what failed", async () => {
  append();
  await gateway.behave({ status: 503, headers: { "retry-after": "3600" } });
  const running = runDeliverer(context, {
    generation: lease(),
    programPath,
    holdsFirstValues: true,
    isStopped: () => false,
  });
  await waitFor(() => gateway.requests().length === 1, { what: "the refusal" });
  await gateway.behave("ok");
  askHandover(home.lease, { ...own, owner: currentOwner(process.ppid) });
  await waitFor(() => gateway.value(SWITCHES) === 1, { what: "the switch" });
  expect(readLease(home.lease).kind).toBe("held");
  passHandover(home.lease, { ...own, owner: currentOwner(process.ppid), version: "2.0.0" });
  await running;
  expect(readLease(home.lease)).toEqual({ kind: "free" });
});

test("where the disk has no room for the totals it delivers on, and says so", async () => {
  const { openSync } = fs;
  const full = vi.spyOn(fs, "openSync").mockImplementation((...args: Parameters<typeof openSync>) => {
    if (!String(args[0]).includes("ledger.json.")) return openSync(...args);
    throw Object.assign(new Error("ENOSPC: no space left on device"), { errno: -28, code: "ENOSPC" });
  });
  onTestFinished(() => full.mockRestore());
  let isStopped = false;
  append();
  const running = runDeliverer(context, {
    generation: lease(),
    programPath,
    holdsFirstValues: false,
    isStopped: () => isStopped,
  });
  await waitFor(() => gateway.value(SWITCHES) === 1 && readNotice(home) !== undefined, { what: "a notice" });
  expect(readNotice(home)).toBe(
    "the metric totals could not be kept: the disk is full; nothing is lost, see: tta-persona doctor",
  );
  append();
  await waitFor(() => gateway.value(SWITCHES) === 2, { what: "the next switch" });
  full.mockRestore();
  append();
  await waitFor(() => readNotice(home) === undefined, { what: "the notice to go" });
  isStopped = true;
  await running;
  expect(gateway.value(SWITCHES)).toBe(3);
});
