import { readFileSync, rmSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { Home } from "../../src/core/home.ts";
import type { Owner } from "../../src/core/owner.ts";
import type { SpanRecord } from "../../src/core/span.ts";
import { appendFact } from "../../src/journal/append.ts";
import type { Fact } from "../../src/journal/fact.ts";
import { openLedger } from "../../src/projection/ledger-store.ts";
import { checkpointPath } from "../../src/sink/checkpoint.ts";
import { createOtlpSink } from "../../src/sink/otlp.ts";
import { emptySpanFold, foldSpans } from "../../src/sink/otlp-spans.ts";
import { aFact, aSwitch } from "../journal/a-fact.ts";
import { arbitraryFacts } from "../projection/arbitrary-facts.ts";
import { aRun, RUN_START, spanIdOf, TRACE_ID } from "../projection/run-facts.ts";
import { ids, stubClient } from "./stub-otlp-client.ts";
import { temporaryHome } from "./temporary-home.ts";

const HOUR_MS = 3_600_000;
const begun = () => [aRun.started(), aRun.stageStarted(), aRun.processStarted()];

let home: Home;
let now: number;
let isDead: (owner: Owner) => boolean;
beforeEach(() => {
  home = temporaryHome();
  now = RUN_START + 60_000;
  isDead = () => false;
});

function append(...facts: readonly Fact[]) {
  for (const fact of facts) appendFact({ dir: home.journal, segmentBytes: 1 << 20 }, fact);
}

const openSink = ({ client }: ReturnType<typeof stubClient>) =>
  createOtlpSink({ home, clock: { now: () => now } }, "hash", client, (owner) => isDead(owner));

/** A process that comes, delivers and goes. */
async function deliver(backend = stubClient()) {
  const sink = openSink(backend);
  await sink.deliver(openLedger(home), now + 1000);
  return { sink, accepted: backend.accepted, attempts: backend.attempts };
}

const names = (spans: readonly SpanRecord[]) => spans.map(({ name }) => name);

test("spans of a process that is alive stay open, and are looked after", async () => {
  append(...begun());
  const { sink, attempts } = await deliver();
  expect(attempts).toEqual([]);
  expect(sink.nextDueAt()).toBe(now + 5000);
  // That somebody's run takes long is no reason to stay.
  expect(sink.heldUntil()).toBeUndefined();
  append(aRun.processFinished(), aRun.stageFinished(), aRun.finished());
  const rest = await deliver();
  expect(names(rest.accepted)).toEqual(["bash", "stage.build", "workflow.release"]);
  expect(rest.sink.nextDueAt()).toBeUndefined();
});

test("of a dead process they are closed as interrupted, though no fact is new, the innermost first", async () => {
  append(...begun(), aRun.gateChecked());
  const backend = stubClient();
  const sink = openSink(backend);
  await sink.deliver(openLedger(home), now + 1000);
  isDead = ({ pid }) => pid === 1;
  now += 5000;
  await sink.deliver(openLedger(home), now + 1000);
  const last = RUN_START + 30_500;
  expect(backend.accepted).toMatchObject([
    {
      name: "bash",
      endMs: last,
      attributes: { "process.pid": 4711, "tta.interrupted": true },
    },
    {
      name: "stage.build",
      endMs: last,
      events: [{ name: "quality_gate" }],
      attributes: {
        "stage.success": false,
        "stage.duration_seconds": 29.5,
        "cicd.pipeline.task.run.result": "error",
        "tta.interrupted": true,
      },
    },
    {
      name: "workflow.release",
      endMs: last,
      attributes: { "cicd.pipeline.result": "error", "error.type": "interrupted", "tta.interrupted": true },
    },
  ]);
  for (const { status } of backend.accepted)
    expect(status).toEqual({ code: "ERROR", message: "interrupted" });
  expect(sink.nextDueAt()).toBeUndefined();
  expect((await deliver()).attempts).toEqual([]);
});

test("a span of which nothing more is known ends where it began", async () => {
  append(aRun.started());
  isDead = () => true;
  const { accepted } = await deliver();
  expect(accepted).toMatchObject([{ startMs: RUN_START, endMs: RUN_START }]);
});

test("the facts of a stage are news of its run, those of other scopes are not", async () => {
  append(
    ...begun(),
    aFact({ scope: "run:r1/test", ts: RUN_START + 40_000 }),
    aFact({ scope: "run:r1/build-more", ts: RUN_START + 41_000 }),
    aFact({ scope: "run:r11", ts: RUN_START + 42_000 }),
    aFact({ ts: RUN_START + 43_000 }),
  );
  isDead = () => true;
  const { accepted } = await deliver();
  expect(accepted.map(({ endMs }) => endMs - RUN_START)).toEqual([2000, 2000, 41_000]);
});

test("what a process wrote just before it died is read first: it was not interrupted", async () => {
  append(...begun());
  const backend = stubClient();
  const sink = openSink(backend);
  await sink.deliver(openLedger(home), now + 1000);
  isDead = () => {
    isDead = () => true;
    append(aRun.processFinished(), aRun.stageFinished(), aRun.finished());
    return true;
  };
  await sink.deliver(openLedger(home), now + 1000);
  expect(backend.accepted).toEqual([]);
  await sink.deliver(openLedger(home), now + 1000);
  expect(backend.accepted.map(({ status }) => status.code)).toEqual(["OK", "OK", "OK"]);
});

test("what is open for more than a day is closed, whoever may be alive; its real end is a linked span", async () => {
  append(aRun.started());
  await deliver();
  now = RUN_START + 24 * HOUR_MS;
  expect((await deliver()).accepted).toEqual([]);
  now += 1;
  expect((await deliver()).accepted).toMatchObject([
    { identity: { spanId: spanIdOf("r1") }, attributes: { "tta.interrupted": true } },
  ]);
  append(aRun.finished({ ts: now }));
  const { accepted } = await deliver();
  expect(accepted).toMatchObject([
    {
      name: "workflow.release",
      identity: { traceId: TRACE_ID, spanId: expect.stringMatching(/^[0-9a-f]{16}$/) },
      attributes: { "cicd.pipeline.result": "success" },
      links: [{ traceId: TRACE_ID, spanId: spanIdOf("r1") }],
    },
  ]);
  expect(ids(accepted)).not.toContain(spanIdOf("r1"));
});

describe("when the backend's answer is lost", () => {
  test.each(["unavailable", "doubtful"] as const)(
    "(%s) the identical spans are sent again",
    async (status) => {
      append(...begun());
      isDead = () => true;
      const seen: SpanRecord[][] = [];
      const failing = stubClient((spans) => {
        seen.push(structuredClone([...spans]));
        return { status, reason: "timeout" };
      });
      expect((await deliver(failing)).sink.health.failing).toMatchObject({ reason: "timeout" });
      // Whatever is known by then: the end that was sent is the end.
      append(aFact({ scope: "run:r1/build", ts: RUN_START + 50_000 }));
      isDead = () => false;
      now += HOUR_MS;
      const { accepted, sink } = await deliver();
      expect(accepted).toEqual(seen[0]);
      expect(accepted).toHaveLength(3);
      expect(sink.health.failing).toBeUndefined();
    },
  );

  test("and the real end comes before the next try, both arrive, under two ids", async () => {
    append(...begun());
    isDead = () => true;
    await deliver(stubClient(() => ({ status: "unavailable", reason: "http_503" })));
    append(aRun.finished());
    const { accepted } = await deliver();
    expect(names(accepted)).toEqual(["bash", "stage.build", "workflow.release", "workflow.release"]);
    expect(new Set(ids(accepted)).size).toBe(4);
    expect(accepted[3]?.links).toEqual([{ traceId: TRACE_ID, spanId: spanIdOf("r1"), attributes: {} }]);
  });
});

test("their ends are on disk before they are sent", async () => {
  append(...begun());
  isDead = () => true;
  const path = checkpointPath(home, "otlp", "hash");
  let kept: unknown;
  await deliver(
    stubClient(() => {
      kept = JSON.parse(readFileSync(path, "utf8")).state.own.interrupted;
      return { status: "accepted" };
    }),
  );
  expect(kept).toMatchObject([{ name: "bash" }, { name: "stage.build" }, { name: "workflow.release" }]);
  expect(JSON.parse(readFileSync(path, "utf8")).state.own).toMatchObject({ open: {}, interrupted: [] });
});

test("where they cannot be kept they are not sent, until they can", async () => {
  append(...begun());
  const backend = stubClient();
  const sink = openSink(backend);
  await sink.deliver(openLedger(home), now + 1000);
  isDead = () => true;
  const ledger = openLedger(home);
  // As good as a full disk: a file where the directory should be.
  rmSync(home.state, { recursive: true });
  writeFileSync(home.state, "");
  await sink.deliver(ledger, now + 1000);
  expect(backend.attempts).toEqual([]);
  expect(sink.health.failing?.reason).toMatch(/^disk_/);
  rmSync(home.state);
  await sink.deliver(ledger, now + 1000);
  expect(names(backend.accepted)).toEqual(["bash", "stage.build", "workflow.release"]);
  expect(sink.health.failing).toBeUndefined();
});

test("one that the backend refuses is put aside, the others arrive", async () => {
  append(...begun());
  isDead = () => true;
  const backend = stubClient((spans) =>
    ids(spans).includes(spanIdOf("build"))
      ? { status: "refused", reason: "http_400" }
      : { status: "accepted" },
  );
  const { sink } = await deliver(backend);
  expect(names(backend.accepted)).toEqual(["bash", "workflow.release"]);
  expect(sink.health.dropped).toEqual({ http_400: 1 });
  expect((await deliver()).attempts).toEqual([]);
});

test("more of them than a batch holds go in batches", async () => {
  const runs = Array.from({ length: 600 }, (_, index) => {
    const spanId = `b${index.toString(16).padStart(15, "0")}`;
    const fact = aRun.started({ scope: `run:n${index}`, data: { runId: `n${index}` } });
    return { ...fact, trace: { ...fact.trace, spanId } };
  });
  append(...runs);
  isDead = () => true;
  const { attempts } = await deliver();
  expect(attempts.map(({ length }) => length)).toEqual([512, 88]);
  expect(new Set(attempts.flat()).size).toBe(600);
});

test("a checkpoint from before spans could be open goes on", async () => {
  append(aSwitch("a", { ts: RUN_START }));
  await deliver();
  const path = checkpointPath(home, "otlp", "hash");
  const kept = JSON.parse(readFileSync(path, "utf8"));
  const { session } = kept.state.own;
  writeFileSync(path, JSON.stringify({ ...kept, state: { ...kept.state, own: { session } } }));
  append(aSwitch("b", { ts: RUN_START + 1 }), ...begun(), aRun.processFinished());
  const { accepted } = await deliver();
  expect(accepted.map(({ name, attributes }) => [name, attributes.from_persona])).toEqual([
    ["persona_switch", "a"],
    ["bash", undefined],
  ]);
});

test("a destination that is new does not hear of runs that were killed before its first day", async () => {
  const old = RUN_START - 48 * HOUR_MS;
  append(
    aRun.started({ ts: old, data: { startedAt: old } }),
    aRun.stageStarted({ ts: RUN_START, data: { startedAt: RUN_START } }),
  );
  isDead = () => true;
  expect(names((await deliver()).accepted)).toEqual(["stage.build"]);
});

test("the fold at any cut, kept as JSON, and the tail give the same spans as the whole", () => {
  const fold = (facts: readonly Fact[], from = emptySpanFold) => {
    let state = from;
    const spans = facts.flatMap((fact) => {
      const folded = foldSpans(state, fact);
      state = folded.state;
      return folded.span === undefined ? [] : [folded.span];
    });
    return { state, spans };
  };
  fc.assert(
    fc.property(arbitraryFacts, fc.nat(), (facts, at) => {
      // Few span ids, so that beginnings, gates and ends meet.
      const spans = facts.map((fact, index) => ({
        ...fact,
        trace: { ...fact.trace, spanId: `${(index % 3) + 1}`.repeat(16) },
      }));
      const cut = at % (spans.length + 1);
      const before = fold(spans.slice(0, cut));
      const after = fold(spans.slice(cut), JSON.parse(JSON.stringify(before.state)));
      const whole = fold(spans);
      expect(after.state).toEqual(whole.state);
      expect([...before.spans, ...after.spans]).toEqual(whole.spans);
    }),
  );
});
