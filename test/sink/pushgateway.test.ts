import { beforeEach, describe, expect, test } from "vitest";
import type { DeliveryOutcome } from "../../src/backend/outcome.ts";
import type { PushgatewayClient } from "../../src/backend/pushgateway.ts";
import type { Home } from "../../src/core/home.ts";
import { ok } from "../../src/core/result.ts";
import { appendFact } from "../../src/journal/append.ts";
import { budgetsChangeAt } from "../../src/projection/budget-families.ts";
import { expositionFamilies, type SinkFigures } from "../../src/projection/exposition-families.ts";
import { type Ledger, openLedger } from "../../src/projection/ledger-store.ts";
import type { MetricFamily } from "../../src/projection/metric-family.ts";
import { createPushgatewaySink } from "../../src/sink/pushgateway.ts";
import { aFact, aSwitch } from "../journal/a-fact.ts";
import { temporaryHome } from "./temporary-home.ts";

const NOW = 1_750_000_000_000;
const SCRAPE_MS = 15_000;
const group = { job: "tta-persona", labels: { instance: "x" } };

let home: Home;
let now: number;
let pushed: (readonly MetricFamily[])[];
let outcomes: DeliveryOutcome[];
let figures: readonly SinkFigures[];

beforeEach(() => {
  home = temporaryHome();
  now = NOW;
  pushed = [];
  outcomes = [];
  figures = [];
});

const client: PushgatewayClient = {
  async put(_, families) {
    const outcome = outcomes.shift() ?? { status: "accepted" };
    if (outcome.status !== "unavailable" && outcome.status !== "refused") pushed.push(families);
    return outcome;
  },
  async delete() {
    return { status: "accepted" };
  },
  async listGroups() {
    return ok([]);
  },
  async probe() {
    return ok({});
  },
};

function openSink(mode: "background" | "foreground", ephemeral = false) {
  return createPushgatewaySink({ home, clock: { now: () => now } }, "hash", client, {
    identity: { group, ephemeral },
    scrapeIntervalMs: SCRAPE_MS,
    holdsFirstValues: mode === "background",
    figures: () => figures,
    expectedFigures: () => figures.map((one) => ({ ...one, pending: 0 })),
    families: (ledger, shown) => expositionFamilies(ledger.state, shown, "1.0.0", moment()),
    changesAt: (ledger) => budgetsChangeAt(ledger.state, moment()),
  });
}

const moment = () => ({ now, budgetOf: () => undefined });

const deliver = (sink: ReturnType<typeof openSink>) => sink.deliver(openLedger(home), now + 1000);

function append(persona: string, ts = now) {
  appendFact({ dir: home.journal, segmentBytes: 1 << 20 }, aSwitch(persona, { ts }));
}

/** The switches in one push, all series together; undefined when there was no such push. */
function switchesIn(families: readonly MetricFamily[] | undefined): number | undefined {
  const family = families?.find(({ name }) => name === "hypertool_persona_switches_total");
  return family?.type === "counter" ? family.series.reduce((sum, { value }) => sum + value, 0) : undefined;
}
const shown = () => pushed.map(switchesIn);

test("pushes when something is new, and not before", async () => {
  append("a");
  const sink = openSink("foreground");
  await deliver(sink);
  await deliver(sink);
  expect(shown()).toEqual([1]);
  append("b");
  await deliver(sink);
  await deliver(openSink("foreground"));
  expect(shown()).toEqual([1, 2]);
  expect(sink.health).toEqual({ failures: {}, dropped: {}, lastSuccessAt: NOW });
});

test("in the background new series are held at 0 for two scrapes, then shown though no fact is new", async () => {
  append("a");
  const sink = openSink("background");
  await deliver(sink);
  expect(sink.nextDueAt()).toBe(NOW + 2 * SCRAPE_MS);
  now += 2 * SCRAPE_MS - 1;
  await deliver(sink);
  expect(shown()).toEqual([0]);
  now += 1;
  await deliver(sink);
  expect(shown()).toEqual([0, 1]);
  expect(sink.nextDueAt()).toBeUndefined();
});

test("series from long before the first push are history, shown as they are", async () => {
  append("a", NOW - 10 * 60_000);
  append("b", NOW - 9 * 60_000);
  const sink = openSink("background");
  await deliver(sink);
  expect(shown()).toEqual([2]);
});

test("what a background process held back when it died, the next foreground push shows", async () => {
  append("a");
  await deliver(openSink("background"));
  await deliver(openSink("foreground"));
  await deliver(openSink("foreground"));
  expect(shown()).toEqual([0, 1]);
});

test("what a foreground push has shown, the background does not take back", async () => {
  append("a");
  await deliver(openSink("foreground"));
  now += 10;
  append("b");
  append("a");
  append("b");
  await deliver(openSink("background"));
  expect(switchesIn(pushed[0])).toBe(1);
  expect(switchesIn(pushed[1])).toBeGreaterThanOrEqual(1);
});

describe("with an answer that was lost", () => {
  test("what the push may have shown is not taken back", async () => {
    append("a");
    outcomes = [{ status: "doubtful", reason: "timeout" }];
    const lost = openSink("foreground");
    await deliver(lost);
    expect(lost.health).toMatchObject({ failures: { timeout: 1 }, failing: { reason: "timeout" } });
    expect(lost.cursor.seq).toBe(0);
    await deliver(openSink("background"));
    expect(shown()).toEqual([1, 1]);
  });

  test("nor when the process died before the answer", async () => {
    append("a");
    const dying = { ...client, put: () => new Promise<never>(() => {}) };
    const options = {
      identity: { group, ephemeral: false },
      scrapeIntervalMs: SCRAPE_MS,
      holdsFirstValues: false,
      figures: () => figures,
      expectedFigures: () => figures,
      families: (ledger: Ledger) => expositionFamilies(ledger.state, [], "1.0.0", moment()),
      changesAt: () => undefined,
    };
    void createPushgatewaySink({ home, clock: { now: () => now } }, "hash", dying, options).deliver(
      openLedger(home),
      now + 1000,
    );
    await deliver(openSink("background"));
    expect(shown()).toEqual([1]);
  });

  test("but a push that did not arrive leaves new series to be held", async () => {
    append("a");
    outcomes = [{ status: "unavailable", reason: "connection_refused" }];
    await deliver(openSink("foreground"));
    await deliver(openSink("background"));
    expect(shown()).toEqual([0]);
  });
});

test("after a failure it pushes again though nothing is new", async () => {
  append("a");
  outcomes = [{ status: "unavailable", reason: "http_503", retryAfterMs: 40 }];
  const sink = openSink("foreground");
  await deliver(sink);
  expect(sink.retryAfterMs()).toBe(40);
  expect(sink.health.failing).toEqual({ since: NOW, reason: "http_503" });
  await deliver(sink);
  expect(shown()).toEqual([1]);
  expect(sink.health).toEqual({ failures: { http_503: 1 }, dropped: {}, lastSuccessAt: NOW });
});

describe("a CI job on an empty disk", () => {
  test("shows zeros once, before its first totals", async () => {
    append("a");
    await deliver(openSink("foreground", true));
    append("b");
    await deliver(openSink("foreground", true));
    expect(shown()).toEqual([0, 1, 2]);
  });

  test("does not show zeros again when only they arrived", async () => {
    append("a");
    outcomes = [{ status: "accepted" }, { status: "unavailable", reason: "timeout" }];
    await deliver(openSink("foreground", true));
    await deliver(openSink("foreground", true));
    expect(shown()).toEqual([0, 1]);
  });

  test("shows them later when they did not", async () => {
    append("a");
    outcomes = [{ status: "unavailable", reason: "timeout" }];
    await deliver(openSink("foreground", true));
    expect(pushed).toEqual([]);
  });
});

test("how the other sinks fare is shown once more when it came out differently", async () => {
  append("a");
  const other = { sink: "otlp", pending: 1, failures: {}, dropped: {} };
  figures = [other];
  const sink = openSink("foreground");
  await deliver(sink);
  const pendingIn = (families: readonly MetricFamily[] | undefined) =>
    families?.find(({ name }) => name === "hypertool_telemetry_pending")?.series;
  expect(pendingIn(pushed[0])).toEqual([{ labels: ["otlp"], value: 0 }]);
  expect(sink.isStale(openLedger(home))).toBe(true);
  figures = [{ ...other, pending: 0 }];
  expect(sink.isStale(openLedger(home))).toBe(false);
  await deliver(sink);
  expect(pushed).toHaveLength(1);
  figures = [{ ...other, failures: { timeout: 1 } }];
  await deliver(sink);
  expect(pushed).toHaveLength(2);
});

describe("a budget's window that ends", () => {
  const MIDNIGHT = Date.UTC(2025, 5, 16);
  const budget = { tokens: 100, window: "day", isHard: false };
  const call = { persona: "a", chatmode: "default", model: "m", outcome: "ok", tokens: 70, costUsd: null };
  const remaining = () =>
    pushed.map((families) => {
      const family = families.find(({ name }) => name === "hypertool_persona_token_budget_remaining");
      return family?.type === "gauge" ? family.series : undefined;
    });
  const left = (value: number) => [{ labels: ["a"], value }];

  beforeEach(() => {
    const fact = aFact({ type: "llm.called", ts: now, data: { ...call, budget } });
    appendFact({ dir: home.journal, segmentBytes: 1 << 20 }, fact);
  });

  test("is shown though no fact is new, once, and keeps no process alive", async () => {
    const sink = openSink("foreground");
    await deliver(sink);
    expect(sink.nextDueAt()).toBe(MIDNIGHT);
    expect(sink.heldUntil()).toBeUndefined();
    now = MIDNIGHT - 1;
    await deliver(sink);
    now = MIDNIGHT;
    await deliver(sink);
    await deliver(sink);
    expect(remaining()).toEqual([left(30), left(100)]);
    expect(sink.nextDueAt()).toBeUndefined();
  });

  test("is shown by whoever delivers next", async () => {
    await deliver(openSink("foreground"));
    now = MIDNIGHT + 1;
    await deliver(openSink("foreground"));
    expect(remaining()).toEqual([left(30), left(100)]);
  });

  test("is tried again when the push did not arrive", async () => {
    await deliver(openSink("foreground"));
    now = MIDNIGHT;
    outcomes = [{ status: "unavailable", reason: "http_503" }];
    const sink = openSink("foreground");
    await deliver(sink);
    await deliver(sink);
    expect(remaining()).toEqual([left(30), left(100)]);
  });
});
