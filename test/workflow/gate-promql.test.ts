import { type TestContext, test } from "vitest";
import { type Clock, steadyClock, systemClock } from "../../src/core/clock.ts";
import { createCancellation } from "../../src/workflow/cancellation.ts";
import { checkPromql, type PromqlCheck } from "../../src/workflow/gate-promql.ts";
import type { Verdict } from "../../src/workflow/gate-value.ts";
import { waitFor } from "../support/wait-for.ts";
import { type Answer, type FakePrometheus, startFakePrometheus } from "./fake-prometheus.ts";

async function start(
  context: TestContext,
  answer: (index: number) => Answer,
  credentials?: string,
): Promise<FakePrometheus> {
  const server = await startFakePrometheus(answer, credentials);
  context.onTestFinished(() => server.close());
  return server;
}

/** Goes on by 10 ms whenever it is looked at, so that what is asked before a deadline is no matter of speed. */
function ticking(): Clock {
  let now = 0;
  return {
    now() {
      now += 10;
      return now;
    },
  };
}

/** The least value that passes is 1. */
function check(
  server: { readonly url: string },
  more: Partial<PromqlCheck> = {},
  cancellation = createCancellation(),
  clock: Clock = steadyClock(systemClock),
): Promise<Verdict> {
  const bounds = { min: 1, max: undefined, equals: undefined };
  const gate: PromqlCheck = {
    kind: "promql",
    query: "up{job='x'}",
    url: undefined,
    bounds,
    forMs: 0,
    deadlineMs: 10_000,
    intervalMs: 10,
    ...more,
  };
  return checkPromql(gate, server.url, clock, cancellation);
}

function checkInTicks(server: { readonly url: string }, more: Partial<PromqlCheck>): Promise<Verdict> {
  return check(server, more, createCancellation(), ticking());
}

test.concurrent("passes at the first value that keeps its bounds", async (context) => {
  const { expect } = context;
  const server = await start(context, (index) => (index < 3 ? ["0.5"] : ["1"]));
  expect(await check(server)).toEqual({ passed: true, detail: "1 ≥ 1" });
  expect(server.queries()).toEqual(Array(4).fill("up{job='x'}"));
});

/** Each answer takes 100 ms of the gate's own time. @returns how often it was asked until it passed. */
async function questionsUntilPassed(
  context: TestContext,
  forMs: number,
  valueAt: (index: number) => string,
): Promise<number> {
  let now = 0;
  const server = await start(context, (index) => {
    now += 100;
    return [valueAt(index)];
  });
  const { passed } = await check(server, { forMs, intervalMs: 1 }, createCancellation(), { now: () => now });
  return passed ? server.queries().length : Number.NaN;
}

test.concurrent("asks until the value has held for so long", async (context) => {
  const { expect } = context;
  // At 0, 100, 200 and 300 ms.
  expect(await questionsUntilPassed(context, 250, () => "2")).toBe(4);
});

test.concurrent("a break begins the time anew", async (context) => {
  const { expect } = context;
  expect(await questionsUntilPassed(context, 250, (index) => (index === 2 ? "0" : "2"))).toBe(7);
});

test.concurrent("one slow answer is not taken for a value that has held", async (context) => {
  const { expect } = context;
  expect(await questionsUntilPassed(context, 50, () => "2")).toBe(2);
});

test.concurrent("values that break again and again never pass, and the last one is told", async (context) => {
  const { expect } = context;
  const server = await start(context, (index) => [index % 2 === 0 ? "2" : "0"]);
  const { passed, detail } = await checkInTicks(server, { forMs: 200, deadlineMs: 400, intervalMs: 1 });
  expect(passed).toBe(false);
  expect(detail).toMatch(/^(?:2 ≥ 1; not for 0\.2 s|0 < 1) within 0\.4 s$/);
});

test.concurrent("the last question has time for an answer", async (context) => {
  const { expect } = context;
  const server = await start(context, () => ["0.25"]);
  // At 20, 40 and, when the deadline is over, 60 ms.
  const verdict = await checkInTicks(server, { deadlineMs: 50, intervalMs: 10_000 });
  expect(verdict).toEqual({ passed: false, detail: "0.25 < 1 within 0.05 s" });
  expect(server.queries()).toHaveLength(3);
});

test.concurrent.for<[string, Answer, string]>([
  ["no data", [], "no value (no data) within 0.05 s"],
  ["NaN", ["NaN"], "no value (no data) within 0.05 s"],
  ["infinity", ["+Inf"], "no value (no data) within 0.05 s"],
])("%s does not hold", async ([, answer, detail], context) => {
  const { expect } = context;
  const server = await start(context, () => answer);
  expect(await checkInTicks(server, { deadlineMs: 50 })).toEqual({ passed: false, detail });
  expect(server.queries().length).toBeGreaterThan(1);
});

test.concurrent.for<[string, Answer, string]>([
  [
    "a query that makes no sense",
    { status: 400, error: "parse error: unexpected <eof>" },
    "parse error: unexpected <eof>",
  ],
  ["a query that cannot be done", { status: 422, error: "many-to-many matching" }, "many-to-many matching"],
  ["several series", ["1", "2"], "the query gives 2 series instead of one"],
])("%s fails at once, and says why", async ([, answer, why], context) => {
  const { expect } = context;
  const server = await start(context, () => answer);
  expect(await check(server, { deadlineMs: 60_000 })).toEqual({
    passed: false,
    detail: `no value (bad query): ${why}`,
  });
  expect(server.queries()).toHaveLength(1);
});

test.concurrent("a URL that is none fails at once", async (context) => {
  const { expect } = context;
  const verdict = await check({ url: "localhost:9090" }, { deadlineMs: 60_000 });
  expect(verdict).toEqual({ passed: false, detail: "no value (bad url)" });
});

test.concurrent("a server that is down is asked until it is up", async (context) => {
  const { expect } = context;
  const server = await start(context, () => ["3"]);
  await server.behave("refuse");
  const verdict = check(server);
  await server.behave({ status: 503 });
  await waitFor(() => server.requests().length > 1, { what: "it to be asked again" });
  await server.behave("ok");
  expect(await verdict).toEqual({ passed: true, detail: "3 ≥ 1" });
});

test.concurrent.for<[string, Parameters<FakePrometheus["behave"]>[0], string]>([
  ["refused", "refuse", "connection refused"],
  ["an error of the server", { status: 500 }, "http 500"],
  ["nonsense", "nonsense", "invalid response"],
])("%s is told when the deadline is over", async ([, behaviour, reason], context) => {
  const { expect } = context;
  const server = await start(context, () => ["3"]);
  await server.behave(behaviour);
  const { passed, detail } = await checkInTicks(server, { deadlineMs: 50 });
  expect(passed).toBe(false);
  expect(detail).toContain(`no value (${reason}`);
  expect(detail).toContain("within 0.05 s");
});

test.concurrent("basic auth of the URL is sent, and never told", async (context) => {
  const { expect } = context;
  const server = await start(context, () => ["0"], "reader:hunter2-secret");
  const url = server.url.replace("//", "//reader:hunter2-secret@");
  const right = await checkInTicks({ url }, { deadlineMs: 30 });
  expect(right).toEqual({ passed: false, detail: "0 < 1 within 0.03 s" });
  const wrong = await checkInTicks({ url: url.replace("hunter2", "other") }, { deadlineMs: 30 });
  expect(wrong.passed).toBe(false);
  expect(wrong.detail).not.toContain("secret");
});

test.concurrent("a request to stop ends the wait, and a question that hangs", async (context) => {
  const { expect } = context;
  const server = await start(context, () => ["0"]);
  for (const behaviour of ["ok", "hang"] as const) {
    await server.behave(behaviour);
    const asked = server.requests().length;
    const cancellation = createCancellation();
    const verdict = check(server, { deadlineMs: 60_000, intervalMs: 60_000 }, cancellation);
    await waitFor(() => server.requests().length > asked, { what: "a question" });
    cancellation.request("SIGTERM");
    expect(await verdict).toEqual({ passed: false, detail: "cancelled" });
  }
});

test.concurrent("nothing is asked once the run is to stop", async (context) => {
  const { expect } = context;
  const server = await start(context, () => ["5"]);
  const cancellation = createCancellation();
  cancellation.request("SIGINT");
  expect(await check(server, {}, cancellation)).toMatchObject({ passed: false });
  expect(server.queries()).toEqual([]);
});
