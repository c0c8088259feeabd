import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import type { LangfuseClient, LangfuseScore } from "../../src/backend/langfuse.ts";
import type { DeliveryOutcome } from "../../src/backend/outcome.ts";
import type { Home } from "../../src/core/home.ts";
import type { SpanRecord } from "../../src/core/span.ts";
import { appendFact } from "../../src/journal/append.ts";
import type { Fact } from "../../src/journal/fact.ts";
import { openLedger } from "../../src/projection/ledger-store.ts";
import { deadLetterPath } from "../../src/sink/checkpoint.ts";
import { createLangfuseSink } from "../../src/sink/langfuse.ts";
import { aFact, aSwitch } from "../journal/a-fact.ts";
import { aCall } from "../projection/a-call.ts";
import { aRun, RUN_START, spanIdOf, TRACE_ID } from "../projection/run-facts.ts";
import { temporaryHome } from "./temporary-home.ts";

const ACCEPTED: DeliveryOutcome = { status: "accepted" };
const DOWN: DeliveryOutcome = { status: "unavailable", reason: "connection_refused" };
const DOUBTFUL: DeliveryOutcome = { status: "doubtful", reason: "timeout" };

let home: Home;
let now: number;
beforeEach(() => {
  home = temporaryHome();
  now = RUN_START + 100_000;
});

interface Stub {
  /** What becomes of an export; what was thrown stands for the process's death. */
  onSend: (spans: readonly SpanRecord[]) => DeliveryOutcome;
  onScore: (score: LangfuseScore) => DeliveryOutcome;
  onFind: LangfuseClient["findObservations"];
  /** What the project has, each time it got it. */
  readonly stored: string[];
  readonly scored: LangfuseScore[];
  asked: number;
  readonly client: LangfuseClient;
}

function stub(): Stub {
  const self: Stub = {
    onSend: () => ACCEPTED,
    onScore: () => ACCEPTED,
    onFind: async ({ spanIds }) => ({
      ok: true,
      value: new Set(spanIds.filter((id) => self.stored.includes(id))),
    }),
    stored: [],
    scored: [],
    asked: 0,
    client: {
      async send(spans) {
        const outcome = self.onSend(spans);
        if (outcome.status === "accepted") self.stored.push(...idsOf(spans));
        return outcome;
      },
      findObservations(range, deadlineMs) {
        self.asked += 1;
        return self.onFind(range, deadlineMs);
      },
      async score(score) {
        const outcome = self.onScore(score);
        if (outcome.status === "accepted") self.scored.push(score);
        return outcome;
      },
      async close() {},
    },
  };
  return self;
}

const idsOf = (spans: readonly SpanRecord[]) => spans.map(({ identity }) => identity.spanId);

function append(...facts: readonly Fact[]) {
  for (const fact of facts) appendFact({ dir: home.journal, segmentBytes: 1 << 20 }, fact);
  return facts.map(({ trace }) => trace.spanId);
}

const openSink = ({ client }: Stub, isDead = false) =>
  createLangfuseSink(
    { home, clock: { now: () => now } },
    "hash",
    client,
    { environment: "default", release: undefined, version: "1" },
    () => isDead,
  );

/** A process that comes, delivers and goes. */
async function deliver(backend: Stub, isDead = false) {
  const sink = openSink(backend, isDead);
  await sink.deliver(openLedger(home), now + 1000);
  return sink;
}

const personas = ["a", "b", "c"];
const switches = (count: number) =>
  Array.from({ length: count }, (_, index) => aSwitch(personas[index % 3] ?? "", { ts: RUN_START + index }));

describe("when it is not known whether a batch arrived", () => {
  test.each([
    ["a doubtful outcome", DOUBTFUL],
    ["a gateway's timeout", { status: "unavailable", reason: "http_504" } as const],
  ])("after %s Langfuse is asked, and what it has is not sent again", async (_, outcome) => {
    const ids = append(...switches(5));
    const backend = stub();
    backend.onSend = (spans) => {
      backend.stored.push(...idsOf(spans));
      return outcome;
    };
    await deliver(backend);
    expect(backend.asked).toBe(0);
    const more = append(aSwitch("x", { ts: RUN_START + 50 }));
    backend.onSend = () => ACCEPTED;
    const sink = await deliver(backend);
    expect(backend.asked).toBe(1);
    expect(backend.stored).toEqual([...ids, ...more]);
    expect(sink.cursor.seq).toBe(6);
    expect(sink.health.failing).toBeUndefined();
    await deliver(backend);
    expect(backend.asked).toBe(1);
  });

  test("what happened since a moment is sent once more, as far as it has not got it", async () => {
    const ids = append(...switches(5));
    const backend = stub();
    const sink = await deliver(backend);
    expect(backend.stored).toEqual(ids);
    backend.stored.splice(1, 2);
    expect(sink.resendSince?.(openLedger(home), 0)).toBe(true);
    backend.onSend = () => DOWN;
    await deliver(backend);
    backend.onSend = () => ACCEPTED;
    const { cursor, health } = await deliver(backend);
    expect(backend.stored.toSorted()).toEqual(ids.toSorted());
    expect({ seq: cursor.seq, failing: health.failing }).toEqual({ seq: 5, failing: undefined });
    const { asked } = backend;
    const more = append(aSwitch("x", { ts: RUN_START + 50 }));
    await deliver(backend);
    expect(backend.stored).toEqual(expect.arrayContaining(more));
    expect(backend.asked).toBe(asked);
  });

  test("what it does not have is sent again", async () => {
    const ids = append(...switches(5));
    const backend = stub();
    backend.onSend = () => DOUBTFUL;
    await deliver(backend);
    backend.stored.push(ids[2] ?? "");
    backend.onSend = () => ACCEPTED;
    await deliver(backend);
    expect(backend.stored.toSorted()).toEqual(ids.toSorted());
  });

  test("a process that died while it sent leaves the question to the next", async () => {
    const ids = append(...switches(5));
    const backend = stub();
    backend.onSend = (spans) => {
      backend.stored.push(...idsOf(spans));
      throw new Error("killed");
    };
    await expect(deliver(backend)).rejects.toThrow("killed");
    backend.onSend = () => ACCEPTED;
    await deliver(backend);
    expect(backend.stored).toEqual(ids);
  });

  test("nothing is sent while it does not answer that", async () => {
    append(...switches(5));
    const backend = stub();
    backend.onSend = () => DOUBTFUL;
    await deliver(backend);
    const sent: number[] = [];
    backend.onSend = (spans) => {
      sent.push(spans.length);
      return ACCEPTED;
    };
    backend.onFind = async () => ({
      ok: false,
      error: { status: "unavailable", reason: "http_429", retryAfterMs: 7000 },
    });
    const sink = await deliver(backend);
    expect(sent).toEqual([]);
    expect(sink.retryAfterMs()).toBe(7000);
    expect(sink.health.failing?.reason).toBe("http_429");
  });
});

test("a refused connection leaves no doubt: the same is sent again, unasked", async () => {
  const ids = append(...switches(3));
  const backend = stub();
  backend.onSend = () => DOWN;
  await deliver(backend);
  backend.onSend = () => ACCEPTED;
  await deliver(backend);
  expect(backend.asked).toBe(0);
  expect(backend.stored).toEqual(ids);
});

test("a refused span goes to the dead letters, and the others arrive once", async () => {
  const ids = append(...switches(32));
  const backend = stub();
  backend.onSend = (spans) =>
    idsOf(spans).includes(ids[9] ?? "") ? { status: "refused", reason: "http_400", detail: "no" } : ACCEPTED;
  const sink = await deliver(backend);
  expect(backend.stored).toEqual(ids.filter((_, index) => index !== 9));
  expect(sink.health).toMatchObject({ dropped: { http_400: 1 } });
  const letters = readFileSync(deadLetterPath(home, "langfuse"), "utf8").trimEnd().split("\n");
  expect(letters.map((line) => JSON.parse(line).record.identity.spanId)).toEqual([ids[9]]);
});

test("big bodies make small batches", async () => {
  const body = { hash: "h", bytes: 1024 * 1024 };
  append(...Array.from({ length: 10 }, () => aCall({ input: body, output: body })));
  const backend = stub();
  const sizes: number[] = [];
  backend.onSend = (spans) => {
    sizes.push(spans.length);
    return ACCEPTED;
  };
  await deliver(backend);
  expect(sizes).toEqual([2, 2, 2, 2, 2]);
});

describe("scores", () => {
  const run = () => [
    aRun.started(),
    aRun.stageStarted(),
    aRun.gateChecked(),
    aRun.gateChecked({ data: { gate: "lint", result: "failed" } }),
    aRun.stageFinished(),
    aRun.finished(),
  ];

  test("follow their spans, and wait while those do not arrive", async () => {
    append(...run());
    const backend = stub();
    backend.onSend = () => DOWN;
    await deliver(backend);
    expect(backend.scored).toEqual([]);
    backend.onSend = () => ACCEPTED;
    await deliver(backend);
    expect(backend.scored).toMatchObject([
      { name: "coverage", value: 1, observationId: spanIdOf("build"), environment: "default" },
      { name: "lint", value: 0 },
    ]);
    await deliver(backend);
    expect(backend.scored).toHaveLength(2);
  });

  test("that could not be sent are still missing, and spans are not sent again for them", async () => {
    append(...run());
    const backend = stub();
    backend.onScore = ({ name }) => (name === "lint" ? DOWN : ACCEPTED);
    const failing = await deliver(backend);
    expect(failing.health.failing?.reason).toBe("connection_refused");
    backend.onScore = () => ACCEPTED;
    const sink = await deliver(backend);
    expect(backend.scored.map(({ name }) => name)).toEqual(["coverage", "lint"]);
    expect(backend.stored).toEqual([spanIdOf("build"), spanIdOf("r1")]);
    expect(sink.health.failing).toBeUndefined();
  });

  test("of which one is refused do not hold the others up", async () => {
    append(
      ...run(),
      aFact({ type: "score.given", data: { traceId: TRACE_ID, name: "x", value: 2, dataType: "NUMERIC" } }),
    );
    const backend = stub();
    backend.onScore = ({ name }) =>
      name === "coverage" ? { status: "refused", reason: "http_400" } : ACCEPTED;
    const sink = await deliver(backend);
    expect(backend.scored.map(({ name }) => name)).toEqual(["lint", "x"]);
    expect(sink.health.dropped).toEqual({ http_400: 1 });
    expect(readFileSync(deadLetterPath(home, "langfuse"), "utf8")).toContain('"name":"coverage"');
  });

  test("after a kill have the same ids", async () => {
    append(...run());
    const backend = stub();
    const ids: string[] = [];
    backend.onScore = ({ id }) => {
      ids.push(id);
      throw new Error("killed");
    };
    await expect(deliver(backend)).rejects.toThrow("killed");
    backend.onScore = () => ACCEPTED;
    await deliver(backend);
    expect(backend.scored.map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
    expect(backend.scored).toHaveLength(2);
  });

  test("of a stage that was interrupted follow it too", async () => {
    append(...run().slice(0, 4));
    const backend = stub();
    await deliver(backend, true);
    expect(backend.stored).toEqual([spanIdOf("build"), spanIdOf("r1")]);
    expect(backend.scored.map(({ name }) => name)).toEqual(["coverage", "lint"]);
  });

  test("more than a few go in several steps, within the deadline", async () => {
    append(
      ...Array.from({ length: 30 }, (_, index) =>
        aFact({
          type: "score.given",
          data: { traceId: TRACE_ID, name: `s${index}`, value: 1, dataType: "NUMERIC" },
        }),
      ),
    );
    const backend = stub();
    backend.onScore = () => {
      now += 50;
      return ACCEPTED;
    };
    const late = await deliver(backend);
    expect(late.health.failing?.reason).toBe("timeout");
    expect(backend.scored.length).toBeLessThan(30);
    const sink = await deliver(backend);
    expect(backend.scored.map(({ name }) => name)).toEqual(
      Array.from({ length: 30 }, (_, index) => `s${index}`),
    );
    expect(sink.health.failing).toBeUndefined();
  });
});
