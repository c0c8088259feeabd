import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { createLangfuseClient, type LangfuseScore } from "../../src/backend/langfuse.ts";
import { probeLangfuse } from "../../src/backend/langfuse-probe.ts";
import type { SpanRecord } from "../../src/core/span.ts";
import type { Behaviour } from "../support/behaviour.ts";
import { type FakeLangfuseOptions, startFakeLangfuse } from "../support/fake-langfuse.ts";
import { untilReceived } from "../support/until-received.ts";
import { waitFor } from "../support/wait-for.ts";
import { aLangfuseSpan } from "./langfuse-span.ts";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

async function rig(
  options: FakeLangfuseOptions = {},
  changes: { readonly secretKey?: string; readonly ingestion?: "otlp" | "legacy" } = {},
) {
  const server = await startFakeLangfuse(options);
  onTestFinished(server.close);
  const { url: host, publicKey, secretKey } = server;
  const project = {
    host,
    publicKey,
    secretKey,
    ingestion: "otlp" as const,
    userAgent: "tta-persona/1",
    ...changes,
  };
  const client = await createLangfuseClient(project, "1.2.3");
  onTestFinished(client.close);
  return { server, client, project };
}

const START = 1_750_000_000_000;
function spans(many: number): SpanRecord[] {
  return Array.from({ length: many }, (_, index) =>
    aLangfuseSpan({ startMs: START + index, endMs: START + index + 1 }),
  );
}

const idsOf = (records: readonly SpanRecord[]) => records.map(({ identity }) => identity.spanId);
const rangeOf = (records: readonly SpanRecord[]) => ({
  spanIds: idsOf(records),
  fromMs: START,
  toMs: START + records.length - 1,
});

const score: LangfuseScore = {
  id: "0".repeat(31) + 1,
  traceId: "a".repeat(32),
  name: "quality",
  value: 1,
  dataType: "BOOLEAN",
  environment: "default",
};

test("spans arrive over OTLP, with the keys, visible at once", async () => {
  const { server, client } = await rig();
  const sent = spans(3);
  expect(await client.send(sent, 60_000)).toEqual({ status: "accepted" });
  expect(server.observations().map(({ id }) => id)).toEqual(idsOf(sent));
  expect(server.problems()).toEqual([]);
});

test("a path prefix of the host is kept, and userinfo in it is not sent", async () => {
  const { server, project } = await rig();
  const host = `${server.url.replace("://", "://me:s3cret@")}/langfuse/`;
  const client = await createLangfuseClient({ ...project, host }, "1");
  onTestFinished(client.close);
  expect(await client.send(spans(1), 60_000)).toMatchObject({ reason: "http_404" });
  const [request] = server.requests();
  expect(request?.path).toBe("/langfuse/api/public/otel/v1/traces");
  expect(Buffer.from(String(request?.headers.authorization).slice(6), "base64").toString()).toBe(
    `${server.publicKey}:${server.secretKey}`,
  );
});

test("the user's OTEL_* variables have no say in it", async () => {
  for (const prefix of ["OTEL_EXPORTER_OTLP", "OTEL_EXPORTER_OTLP_TRACES"]) {
    vi.stubEnv(`${prefix}_ENDPOINT`, "http://127.0.0.1:1/elsewhere");
    vi.stubEnv(`${prefix}_HEADERS`, "x-secret=mine,authorization=mine");
    vi.stubEnv(`${prefix}_PROTOCOL`, "http/json");
    vi.stubEnv(`${prefix}_TIMEOUT`, "1");
    vi.stubEnv(`${prefix}_COMPRESSION`, "none");
  }
  const { server, client } = await rig();
  expect(await client.send(spans(1), 60_000)).toEqual({ status: "accepted" });
  expect(server.requests()[0]?.headers).not.toHaveProperty("x-secret");
  expect(server.requests()[0]?.headers).toMatchObject({
    "content-encoding": "gzip",
    "content-type": "application/x-protobuf",
  });
});

describe("asked which observations it has", () => {
  test.each(["4.0.0", "3.100.0"])("version %s tells, over as many pages as there are", async (version) => {
    const { server, client } = await rig({ version });
    const stored = spans(1100);
    await client.send(stored, 60_000);
    const missing = spans(2);
    const found = await client.findObservations(rangeOf([...stored, ...missing]), 60_000);
    expect(found).toEqual({ ok: true, value: new Set(idsOf(stored)) });
    expect(server.requests().filter(({ answered }) => answered === 400)).toEqual([]);
  });

  test.each([400, 404, 405, 501])(
    "one that answers %i to the new endpoint is asked by the old one",
    async (status) => {
      const { server, client } = await rig({ version: "3.150.0" });
      const stored = spans(2);
      await client.send(stored, 60_000);
      await server.behave(({ path }) => (path.includes("/v2/") ? { status } : "ok"));
      const found = await client.findObservations(rangeOf(stored), 60_000);
      expect(found).toEqual({ ok: true, value: new Set(idsOf(stored)) });
    },
  );

  test("one that cannot be asked knows of none", async () => {
    const { client } = await rig({ canList: false });
    const stored = spans(2);
    await client.send(stored, 60_000);
    expect(await client.findObservations(rangeOf(stored), 60_000)).toEqual({ ok: true, value: new Set() });
  });

  test("one that is busy is asked later", async () => {
    const { client } = await rig({ behaviour: { status: 429, headers: { "retry-after": "3" } } });
    expect(await client.findObservations(rangeOf(spans(1)), 60_000)).toEqual({
      ok: false,
      error: { status: "unavailable", reason: "http_429", retryAfterMs: 3000 },
    });
  });

  test("an answer that is no list makes no sense", async () => {
    const { client } = await rig({ behaviour: { status: 200, body: '{"data":"?"}' } });
    expect(await client.findObservations(rangeOf(spans(1)), 60_000)).toMatchObject({
      ok: false,
      error: { reason: "invalid_response" },
    });
  });
});

describe("a score", () => {
  test("is stored once, however often it is sent", async () => {
    const { server, client } = await rig();
    expect(await client.score(score, 60_000)).toEqual({ status: "accepted" });
    expect(await client.score(score, 60_000)).toEqual({ status: "accepted" });
    expect(server.scores()).toEqual([score]);
  });

  test.each<[Behaviour, string]>([
    [{ status: 400, body: "bad" }, "refused"],
    [{ status: 429 }, "unavailable"],
    [{ status: 503 }, "unavailable"],
    ["refuse", "unavailable"],
    ["cut", "unavailable"],
    ["nonsense", "unavailable"],
    ["hang", "unavailable"],
  ])("when the server shows %o is %s", async (behaviour, status) => {
    const { client } = await rig({ behaviour });
    const deadlineMs = behaviour === "hang" ? 200 : 60_000;
    expect(await client.score(score, deadlineMs)).toMatchObject({ status });
  });
});

test("a hanging server does not keep an export beyond the deadline, and close ends what is under way", async () => {
  const { server, client } = await rig({ behaviour: "hang" });
  const outcome = await untilReceived(server, (deadlineMs) => client.send(spans(1), deadlineMs));
  expect(outcome).toEqual({ status: "doubtful", reason: "timeout" });
  const underWay = [client.send(spans(1), 60_000), client.score(score, 60_000)];
  await client.close();
  expect(await Promise.all(underWay)).toMatchObject([{ reason: "timeout" }, { reason: "timeout" }]);
});

describe("the old ingestion", () => {
  const legacy = { ingestion: "legacy" } as const;

  test("tells a server of traces and observations; twice changes nothing", async () => {
    const { server, client } = await rig({ version: "3.20.0" }, legacy);
    const sent = spans(3);
    expect(await client.send(sent, 60_000)).toEqual({ status: "accepted" });
    expect(await client.send(sent, 60_000)).toEqual({ status: "accepted" });
    expect(server.observations().map(({ id }) => id)).toEqual(idsOf(sent));
    expect(server.observations()[0]).toMatchObject({
      userId: "a",
      traceName: "persona_switch",
      startMs: START,
    });
    expect(server.problems()).toEqual([]);
  });

  test("what a newer server refuses is refused, though the whole is answered 207", async () => {
    const { server, client } = await rig({}, legacy);
    expect(await client.send(spans(1), 60_000)).toMatchObject({ status: "refused", reason: "http_400" });
    expect(server.requests().at(-1)?.answered).toBe(207);
  });

  test.each<[Behaviour, string]>([
    [{ status: 207, body: '{"successes":[],"errors":[{"id":"1","status":500}]}' }, "http_500"],
    [{ status: 207, body: "{}" }, "invalid_response"],
    [{ status: 207, body: '{"errors":[null]}' }, "invalid_response"],
    [{ status: 503 }, "http_503"],
    [{ status: 401 }, "http_401"],
    [{ status: 302, headers: { location: "http://127.0.0.1:1/elsewhere" } }, "http_302"],
    [{ status: 200, headers: { "content-type": "text/html" }, body: "<html>" }, "invalid_response"],
    ["refuse", "connection_refused"],
    ["cut-after-accept", "connection_reset"],
    ["hang", "timeout"],
  ])("is unavailable when it shows %o", async (behaviour, reason) => {
    const { client } = await rig({ behaviour }, legacy);
    const deadlineMs = behaviour === "hang" ? 200 : 60_000;
    expect(await client.send(spans(1), deadlineMs)).toMatchObject({ status: "unavailable", reason });
  });

  test("tells when to come again, and what a server says of a batch that it refuses", async () => {
    const busy = await rig({ behaviour: { status: 429, headers: { "retry-after": "7" } } }, legacy);
    expect(await busy.client.send(spans(1), 60_000)).toEqual({
      status: "unavailable",
      reason: "http_429",
      retryAfterMs: 7000,
    });
    const large = await rig({ behaviour: { status: 413, body: "too\nlarge" } }, legacy);
    expect(await large.client.send(spans(1), 60_000)).toEqual({
      status: "refused",
      reason: "http_413",
      detail: "too large",
    });
  });

  test("makes one request, which close ends", async () => {
    const { server, client } = await rig({ behaviour: "hang" }, legacy);
    const underWay = client.send(spans(1), 60_000);
    await waitFor(() => server.requests().length > 0, { what: "the request" });
    await client.close();
    expect(await underWay).toEqual({ status: "unavailable", reason: "timeout" });
    expect(server.requests()).toHaveLength(1);
  });

  test("goes by the project alone: no variable of the package has a say, and nothing is printed", async () => {
    vi.stubEnv("LANGFUSE_BASEURL", "http://127.0.0.1:1");
    vi.stubEnv("LANGFUSE_PUBLIC_KEY", "pk-lf-other");
    vi.stubEnv("LANGFUSE_SECRET_KEY", "sk-lf-other");
    vi.stubEnv("LANGFUSE_TRACING_ENVIRONMENT", "Not One!");
    vi.stubEnv("LANGFUSE_RELEASE", "other");
    vi.stubEnv("LANGFUSE_SAMPLE_RATE", "7");
    const printed = (["debug", "error", "info", "log", "warn"] as const).map((name) =>
      vi.spyOn(console, name),
    );
    const { server, project } = await rig({ version: "3.20.0" }, legacy);
    const host = `${server.url.replace("://", "://me:s3cret@")}/`;
    const client = await createLangfuseClient({ ...project, host }, "1");
    onTestFinished(client.close);
    const sent = spans(2);
    expect(await client.send(sent, 60_000)).toEqual({ status: "accepted" });
    expect(server.observations()).toMatchObject(sent.map(() => ({ environment: "default" })));
    expect(server.observations()[0]).not.toHaveProperty("release", "other");
    expect(server.requests()[0]?.headers["user-agent"]).toBe("tta-persona/1");
    await server.behave({ status: 500, body: "?" });
    await client.send(sent, 60_000);
    for (const spy of printed) expect(spy).not.toHaveBeenCalled();
  });

  test("keeps a path prefix of the host", async () => {
    const { server, project } = await rig({}, legacy);
    const client = await createLangfuseClient({ ...project, host: `${server.url}/langfuse/` }, "1");
    onTestFinished(client.close);
    expect(await client.send(spans(1), 60_000)).toMatchObject({ reason: "http_404" });
    expect(server.requests()[0]?.path).toBe("/langfuse/api/public/ingestion");
  });
});

describe("the probe", () => {
  const within = () => AbortSignal.timeout(60_000);

  test("tells version and project", async () => {
    const { project } = await rig();
    expect(await probeLangfuse(project, within())).toEqual({
      ok: true,
      value: { version: "4.0.0", project: "fake" },
    });
  });

  test("tells wrong keys from a server that is down, and from one that is too old", async () => {
    const wrong = await rig({}, { secretKey: "sk-lf-other" });
    expect(await probeLangfuse(wrong.project, within())).toEqual({
      ok: false,
      error: { kind: "wrong-keys" },
    });
    const old = await rig({ version: "3.21.9" });
    expect(await probeLangfuse(old.project, within())).toEqual({
      ok: false,
      error: { kind: "too-old", version: "3.21.9" },
    });
    const current = await rig({}, { ingestion: "legacy" });
    expect(await probeLangfuse(current.project, within())).toMatchObject({ error: { kind: "too-new" } });
    const served = await rig({ version: "3.21.9" }, { ingestion: "legacy" });
    expect(await probeLangfuse(served.project, within())).toMatchObject({ ok: true });
    const down = await rig({ behaviour: "refuse" });
    expect(await probeLangfuse(down.project, within())).toMatchObject({
      ok: false,
      error: { kind: "unreachable", undelivered: { reason: "connection_refused" } },
    });
  });
});
