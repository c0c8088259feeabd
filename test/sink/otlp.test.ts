import { readFileSync, rmSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import type { DeliveryOutcome } from "../../src/backend/outcome.ts";
import type { Home } from "../../src/core/home.ts";
import { appendFact } from "../../src/journal/append.ts";
import type { Fact } from "../../src/journal/fact.ts";
import { listSegments, segmentPath } from "../../src/journal/segments.ts";
import { openLedger, saveLedger } from "../../src/projection/ledger-store.ts";
import { countDeadLetters, deadLetterPath } from "../../src/sink/checkpoint.ts";
import { createOtlpSink } from "../../src/sink/otlp.ts";
import { aFact, aSwitch } from "../journal/a-fact.ts";
import { type Answer, ids, stubClient } from "./stub-otlp-client.ts";
import { temporaryHome } from "./temporary-home.ts";

const NOW = 1_750_000_000_000;
const HOUR_MS = 3_600_000;
const REFUSED: DeliveryOutcome = { status: "refused", reason: "http_400", detail: "bad" };

let home: Home;
let now: number;
beforeEach(() => {
  home = temporaryHome();
  now = NOW;
});

const spanIds = (facts: readonly Fact[]) => facts.map(({ trace }) => trace.spanId);

function append(facts: readonly Fact[], segmentBytes = 1 << 20) {
  for (const fact of facts) appendFact({ dir: home.journal, segmentBytes }, fact);
  return facts;
}

const personas = ["a", "b", "c"];
const switches = (count: number, ts = NOW) =>
  Array.from({ length: count }, (_, index) => aSwitch(personas[index % 3] ?? "", { ts: ts + index }));

/** A process that comes, delivers and goes. */
async function deliver({ client }: ReturnType<typeof stubClient>) {
  const sink = createOtlpSink({ home, clock: { now: () => now } }, "hash", client);
  const ledger = openLedger(home);
  await sink.deliver(ledger, now + 1000);
  return { health: sink.health, pending: ledger.cursor.seq - sink.cursor.seq, sink };
}

test("sends each finished span once, in the journal's order, in batches of at most 512", async () => {
  const facts = append(switches(1100));
  const backend = stubClient();
  const { pending, health } = await deliver(backend);
  expect(backend.attempts.map(({ length }) => length)).toEqual([512, 512, 76]);
  expect(backend.attempts.flat()).toEqual(spanIds(facts));
  expect(pending).toBe(0);
  expect(health).toEqual({ failures: {}, dropped: {}, lastSuccessAt: NOW });

  const more = append(switches(5, NOW + 5000).slice(2));
  const next = stubClient();
  await deliver(next);
  expect(next.attempts).toEqual([spanIds(more)]);
});

test("with nothing to send the backend is left alone", async () => {
  append([aFact(), aFact()]);
  const backend = stubClient();
  const { pending } = await deliver(backend);
  expect(backend.attempts).toEqual([]);
  expect(pending).toBe(0);
});

test("spans that the sampler left out are passed over", async () => {
  const [first, second] = append([
    aSwitch("a", { ts: NOW, trace: { ...aFact().trace, sampled: false } }),
    aSwitch("b", { ts: NOW }),
  ]);
  const backend = stubClient();
  await deliver(backend);
  expect(backend.attempts).toEqual([[second?.trace.spanId]]);
  expect(first?.trace.sampled).toBe(false);
});

describe("a refused batch", () => {
  test("is halved down to the records at fault, which are put aside; the others arrive once", async () => {
    const facts = append(switches(64));
    const poison = new Set([facts[5], facts[6], facts[63]].map((fact) => fact?.trace.spanId));
    const backend = stubClient((spans) =>
      ids(spans).some((id) => poison.has(id)) ? REFUSED : { status: "accepted" },
    );
    const { pending, health } = await deliver(backend);
    expect(ids(backend.accepted)).toEqual(spanIds(facts).filter((id) => !poison.has(id)));
    expect(pending).toBe(0);
    expect(health.dropped).toEqual({ http_400: 3 });
    expect(health.failing).toBeUndefined();
    const letters = readFileSync(deadLetterPath(home, "otlp"), "utf8").trimEnd().split("\n");
    expect(countDeadLetters(home, "otlp")).toBe(3);
    expect(letters.map((line) => JSON.parse(line))).toMatchObject([
      {
        at: NOW,
        reason: "http_400",
        detail: "bad",
        record: { identity: { spanId: facts[5]?.trace.spanId } },
      },
      { record: { identity: { spanId: facts[6]?.trace.spanId } } },
      { record: { identity: { spanId: facts[63]?.trace.spanId } } },
    ]);
  });

  test("that is only too large (413) arrives in smaller ones", async () => {
    const facts = append(switches(100));
    const backend = stubClient((spans) =>
      spans.length > 10 ? { status: "refused", reason: "http_413" } : { status: "accepted" },
    );
    const { health } = await deliver(backend);
    expect(ids(backend.accepted)).toEqual(spanIds(facts));
    expect(health.dropped).toEqual({});
  });

  test("whose second half meets an outage goes on there, and nothing is sent twice", async () => {
    const facts = append(switches(8));
    const poisonId = facts[1]?.trace.spanId ?? "";
    const answer: Answer = (spans) => (ids(spans).includes(poisonId) ? REFUSED : { status: "accepted" });
    let left = 5;
    const failing = stubClient((spans, attempt) =>
      left-- > 0 ? answer(spans, attempt) : { status: "unavailable", reason: "http_503" },
    );
    expect((await deliver(failing)).pending).toBeGreaterThan(0);
    const back = stubClient(answer);
    expect((await deliver(back)).pending).toBe(0);
    const all = [...ids(failing.accepted), ...ids(back.accepted)];
    expect(all).toEqual(spanIds(facts).filter((id) => id !== poisonId));
    expect(countDeadLetters(home, "otlp")).toBe(1);
  });
});

test("spans that the backend rejected in part are counted, and not sent again", async () => {
  append(switches(5));
  const backend = stubClient(() => ({ status: "accepted", rejected: { count: 2, reason: "too old" } }));
  const { health, pending } = await deliver(backend);
  expect(health).toMatchObject({ dropped: { rejected: 2 }, lastSuccessAt: NOW });
  expect(pending).toBe(0);
  expect((await deliver(backend)).pending).toBe(0);
  expect(backend.attempts).toHaveLength(1);
});

test.each([
  { status: "unavailable", reason: "http_503" },
  { status: "doubtful", reason: "timeout" },
] as const)("after $status the identical spans are sent again", async (outcome) => {
  const facts = append(switches(3));
  const failing = stubClient(() => outcome);
  const first = await deliver(failing);
  expect(first.pending).toBe(3);
  expect(first.health).toEqual({
    failures: { [outcome.reason]: 1 },
    dropped: {},
    failing: { since: NOW, reason: outcome.reason },
  });

  now += 5000;
  const second = await deliver(failing);
  expect(second.health.failures).toEqual({ [outcome.reason]: 2 });
  expect(second.health.failing?.since).toBe(NOW);

  const back = stubClient();
  const third = await deliver(back);
  expect(back.attempts).toEqual([spanIds(facts)]);
  expect(failing.attempts).toEqual([spanIds(facts), spanIds(facts)]);
  expect(third.health).toEqual({ failures: { [outcome.reason]: 2 }, dropped: {}, lastSuccessAt: now });
});

test("the checkpoint moves batch by batch, only past what was accepted", async () => {
  const facts = append(switches(1100));
  const halfway = stubClient((_, attempt) =>
    attempt === 0
      ? { status: "accepted" }
      : { status: "unavailable", reason: "connection_refused", retryAfterMs: 7 },
  );
  const { pending, sink } = await deliver(halfway);
  expect(pending).toBe(1100 - 512);
  expect(sink.retryAfterMs()).toBe(7);
  const back = stubClient();
  await deliver(back);
  expect(back.attempts.flat()).toEqual(spanIds(facts).slice(512));
});

describe("a sink that is configured for the first time", () => {
  test("starts with the facts of the last day, and knows who was active before", async () => {
    append([aSwitch("a", { ts: NOW - 25 * HOUR_MS }), aSwitch("b", { ts: NOW - 24 * HOUR_MS - 1 })]);
    const recent = append([aSwitch("c", { ts: NOW - 24 * HOUR_MS }), aSwitch("a", { ts: NOW - 1 })]);
    const backend = stubClient();
    const { pending, health } = await deliver(backend);
    expect(backend.attempts).toEqual([spanIds(recent)]);
    expect(backend.accepted.map(({ attributes }) => attributes.from_persona)).toEqual(["b", "c"]);
    expect(pending).toBe(0);
    expect(health.dropped).toEqual({});
  });

  test("whose journal has lost its first segments counts facts as everybody does", async () => {
    append(switches(50, NOW - 30 * HOUR_MS), 2048);
    saveLedger(home, openLedger(home), Date.now());
    for (const segment of listSegments(home.journal).slice(0, -2)) rmSync(segmentPath(home.journal, segment));
    const recent = append([aSwitch("x", { ts: NOW })]);
    const backend = stubClient();
    const { pending, health, sink } = await deliver(backend);
    expect(backend.attempts).toEqual([spanIds(recent)]);
    expect(pending).toBe(0);
    expect(sink.cursor.seq).toBe(51);
    expect(health.dropped).toEqual({});
  });

  test("in an empty home has nothing to do", async () => {
    const backend = stubClient();
    expect((await deliver(backend)).pending).toBe(0);
    expect(backend.attempts).toEqual([]);
  });
});

describe("what is to be sent again", () => {
  const since = (hours: number) => (sink: ReturnType<typeof createOtlpSink>) =>
    sink.resendSince?.(openLedger(home), NOW - hours * HOUR_MS);
  const days = () => append([30, 26, 2, 1].map((ago, at) => aSwitch(`p${at}`, { ts: NOW - ago * HOUR_MS })));

  test("goes out once more with the ids it had, and what an earlier start had left out as well", async () => {
    const facts = days();
    const backend = stubClient();
    const { sink } = await deliver(backend);
    expect(backend.attempts.flat()).toEqual(spanIds(facts.slice(2)));
    expect(since(27)(sink)).toBe(true);
    const again = stubClient();
    const { pending, health } = await deliver(again);
    expect(again.attempts.flat()).toEqual(spanIds(facts.slice(1)));
    expect(again.accepted[0]?.attributes.from_persona).toBe("p0");
    expect(pending).toBe(0);
    expect(health.dropped).toEqual({});
    await deliver(again);
    expect(again.attempts).toHaveLength(1);
  });

  test("is where a destination begins that has got nothing yet", async () => {
    const facts = days();
    const backend = stubClient();
    const sink = createOtlpSink({ home, clock: { now: () => now } }, "hash", backend.client);
    since(100)(sink);
    await sink.deliver(openLedger(home), now + 1000);
    expect(backend.attempts.flat()).toEqual(spanIds(facts));
  });

  test("is nothing more than what waits anyway, where that is older", async () => {
    const facts = days();
    const { sink } = await deliver(stubClient(() => ({ status: "unavailable", reason: "http_503" })));
    expect(since(1)(sink)).toBe(true);
    const backend = stubClient();
    await deliver(backend);
    expect(backend.attempts.flat()).toEqual(spanIds(facts.slice(2)));
  });
});

test("facts that were evicted before this sink had them are counted, once, and the rest arrives", async () => {
  append(switches(1));
  await deliver(stubClient());
  append(switches(60, NOW + 1000).slice(1), 2048);
  saveLedger(home, openLedger(home), Date.now());
  for (const segment of listSegments(home.journal).slice(0, -1)) rmSync(segmentPath(home.journal, segment));
  const kept = append([aSwitch("x", { ts: NOW + 9000 }), aSwitch("y", { ts: NOW + 9001 })], 2048);
  const backend = stubClient();
  const { pending, health } = await deliver(backend);
  expect(pending).toBe(0);
  expect(ids(backend.accepted)).toEqual(expect.arrayContaining(spanIds(kept)));
  const evicted = health.dropped.evicted ?? 0;
  expect(evicted + backend.accepted.length).toBe(61);
  expect(evicted).toBeGreaterThan(0);
  expect((await deliver(backend)).health.dropped).toEqual({ evicted });
});

test("a home that was removed meanwhile does not come back to life", async () => {
  append(switches(2));
  const backend = stubClient(() => {
    rmSync(home.data, { recursive: true });
    return { status: "accepted" };
  });
  const { health } = await deliver(backend);
  expect(health.failing?.reason).toBe("disk_enoent");
  expect(() => readFileSync(home.data)).toThrow(/ENOENT/);
});
