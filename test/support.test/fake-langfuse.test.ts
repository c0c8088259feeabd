import { expect, onTestFinished, test } from "vitest";
import { type FakeLangfuse, startFakeLangfuse } from "../support/fake-langfuse.ts";

async function fake(): Promise<FakeLangfuse> {
  const server = await startFakeLangfuse();
  onTestFinished(server.close);
  return server;
}

async function post(server: FakeLangfuse, path: string, body: object) {
  const credentials = Buffer.from(`${server.publicKey}:${server.secretKey}`).toString("base64");
  const response = await fetch(`${server.url}/api/public${path}`, {
    method: "POST",
    headers: {
      authorization: `Basic ${credentials}`,
      "content-type": "application/json",
      "x-langfuse-ingestion-version": "4",
    },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });

function exportOf(...spans: { readonly spanId: string; readonly attributes?: readonly object[] }[]) {
  const complete = spans.map((span) => ({
    traceId: "a".repeat(32),
    name: "x",
    startTimeUnixNano: "1",
    endTimeUnixNano: "2",
    ...span,
    attributes: [
      attribute("langfuse.environment", "default"),
      attribute("langfuse.user.id", "a"),
      attribute("langfuse.session.id", "b"),
      attribute("langfuse.trace.name", "c"),
      attribute("langfuse.version", "1"),
      ...(span.attributes ?? []),
    ],
  }));
  return { resourceSpans: [{ scopeSpans: [{ spans: complete }] }] };
}

test("without the right keys nothing is taken", async () => {
  const server = await fake();
  const response = await fetch(`${server.url}/api/public/projects`);
  expect(response.status).toBe(401);
});

test("JSON is taken; one bad id rejects the whole export; a span that comes twice is told", async () => {
  const server = await fake();
  const good = { spanId: "1".repeat(16) };
  expect(await post(server, "/otel/v1/traces", exportOf(good))).toMatchObject({ status: 200 });
  const bad = exportOf({ spanId: "2".repeat(16) }, { spanId: "0".repeat(16) });
  expect(await post(server, "/otel/v1/traces", bad)).toMatchObject({ status: 400 });
  expect(server.observations()).toHaveLength(1);
  expect(server.problems()).toEqual([]);
  await post(server, "/otel/v1/traces", exportOf(good));
  expect(server.observations()).toHaveLength(1);
  expect(server.problems()).toEqual([`${good.spanId}: sent twice`]);
});

test("a span above 9.5 MB, and values that are too long, are told", async () => {
  const server = await fake();
  const big = {
    spanId: "1".repeat(16),
    attributes: [attribute("langfuse.observation.input", "x".repeat(9_600_000))],
  };
  const long = {
    spanId: "2".repeat(16),
    attributes: [attribute("langfuse.observation.metadata.m", "x".repeat(201))],
  };
  expect(await post(server, "/otel/v1/traces", exportOf(big, long))).toMatchObject({ status: 200 });
  expect(server.observations().map(({ id }) => id)).toEqual([long.spanId]);
  expect(server.problems()).toHaveLength(2);
});

test("ingestion takes scores only, and answers 207 with what went wrong", async () => {
  const server = await fake();
  const body = { id: "s1", traceId: "a".repeat(32), name: "n", value: 1, dataType: "NUMERIC" };
  const answer = await post(server, "/ingestion", {
    batch: [
      { id: "e1", type: "score-create", body },
      { id: "e2", type: "trace-create", body: {} },
      { id: "e3", type: "score-create", body: { ...body, id: undefined } },
    ],
  });
  expect(answer).toMatchObject({
    status: 207,
    body: { successes: [{ id: "e1" }, { id: "e3" }], errors: [{ id: "e2", status: 400 }] },
  });
  expect(server.scores().map(({ id }) => id)).toEqual(["s1"]);
});
