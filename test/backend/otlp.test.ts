import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createOtlpClient, type OtlpClient } from "../../src/backend/otlp.ts";
import type { OtlpConfig } from "../../src/backend/otlp-config.ts";
import type { OtlpProtocol } from "../../src/backend/otlp-option.ts";
import { probeOtlp } from "../../src/backend/otlp-probe.ts";
import type { SpanRecord } from "../../src/core/span.ts";
import type { Behaviour } from "../support/behaviour.ts";
import { isInPath } from "../support/is-in-path.ts";
import { listenOn } from "../support/listener.ts";
import { type OtlpServer, type OtlpServerOptions, startOtlpServer } from "../support/otlp-server.ts";
import { untilReceived } from "../support/until-received.ts";
import { waitFor } from "../support/wait-for.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
let nextSpanId = 1;

function span(changes: Partial<SpanRecord> = {}): SpanRecord {
  const spanId = (nextSpanId++).toString(16).padStart(16, "0");
  return {
    identity: { traceId, spanId, sampled: true },
    name: "persona.switch",
    kind: "INTERNAL",
    startMs: 1_700_000_000_000,
    endMs: 1_700_000_000_001,
    attributes: {},
    status: { code: "UNSET" },
    events: [],
    links: [],
    resource: { "service.name": "tta-persona" },
    ...changes,
  };
}

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Rig {
  readonly server: OtlpServer;
  readonly client: OtlpClient;
}

async function rig(
  protocol: OtlpProtocol,
  options: Partial<OtlpServerOptions> & { readonly config?: Partial<OtlpConfig> } = {},
): Promise<Rig> {
  const { config, ...serverOptions } = options;
  const server = await startOtlpServer({ protocol: protocol === "grpc" ? "grpc" : "http", ...serverOptions });
  cleanups.push(server.close);
  const client = await createOtlpClient({
    protocol,
    endpoint: protocol === "grpc" ? server.url : `${server.url}/v1/traces`,
    headers: {},
    compression: "none",
    timeoutMs: 60_000,
    ...(protocol === "grpc" && { insecure: true }),
    scope: { name: "tta-persona", version: "1.2.3" },
    ...config,
  });
  cleanups.push(client.close);
  return { server, client };
}

const protocols = ["http/protobuf", "http/json", "grpc"] as const;
const httpProtocols = ["http/protobuf", "http/json"] as const;

describe.each(protocols)("%s", (protocol) => {
  test("a span arrives as it was recorded", async () => {
    const { server, client } = await rig(protocol);
    const record = span({
      identity: {
        traceId,
        spanId: "b7ad6b7169203331",
        parentSpanId: "00f067aa0ba902b7",
        sampled: true,
        state: "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7",
      },
      kind: "SERVER",
      startMs: 1_700_000_000_123.456,
      endMs: 1_700_000_001_000,
      attributes: { text: "ä", whole: -5, fraction: 1.5, flag: false, list: ["a", "b"] },
      status: { code: "ERROR", message: "it failed" },
      events: [
        { name: "exception", timeMs: 1_700_000_000_500.25, attributes: { "exception.type": "Error" } },
      ],
      links: [{ traceId: "f".repeat(32), spanId: "e".repeat(16), attributes: { "link.kind": "resumed" } }],
    });
    expect(await client.send([record], 60_000)).toEqual({ status: "accepted" });

    const [received, ...others] = server.spans();
    expect(others).toEqual([]);
    expect(received).toMatchObject({
      traceId,
      spanId: "b7ad6b7169203331",
      parentSpanId: "00f067aa0ba902b7",
      traceState: "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7",
      name: "persona.switch",
      kind: "SERVER",
      status: { code: "ERROR", message: "it failed" },
      attributes: { text: "ä", whole: -5, fraction: 1.5, flag: false, list: ["a", "b"] },
      startTimeUnixNano: 1_700_000_000_123_456_000n,
      endTimeUnixNano: 1_700_000_001_000_000_000n,
      events: [
        { name: "exception", timeMs: 1_700_000_000_500.25, attributes: { "exception.type": "Error" } },
      ],
      links: [{ traceId: "f".repeat(32), spanId: "e".repeat(16), attributes: { "link.kind": "resumed" } }],
      resource: { "service.name": "tta-persona" },
      scope: { name: "tta-persona", version: "1.2.3" },
    });
    expect(server.requests()[0]?.headers["user-agent"]).toMatch(/^tta-persona\/1\.2\.3 /);
  });

  test("spans keep their own resources, and equal ones are sent once", async () => {
    const { server, client } = await rig(protocol);
    const marker = "resource-marker";
    const resources = [{ a: marker, b: "1" }, { a: "x" }, { b: "1", a: marker }];
    await client.send(
      resources.map((resource) => span({ resource })),
      60_000,
    );
    expect(server.spans().map((received) => received.resource)).toEqual(
      expect.arrayContaining([{ a: marker, b: "1" }, { a: "x" }]),
    );
    expect(server.spans()).toHaveLength(3);
    expect(server.requests()[0]?.body.toString("latin1").split(marker)).toHaveLength(2);
  });

  test("headers and gzip go along, and nothing of the environment does", async () => {
    for (const name of ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"]) {
      vi.stubEnv(name, "x-foreign=secret,x-api-key=foreign");
    }
    vi.stubEnv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:9/v1/traces");
    vi.stubEnv("OTEL_EXPORTER_OTLP_COMPRESSION", "none");
    vi.stubEnv("OTEL_EXPORTER_OTLP_TIMEOUT", "1");
    vi.stubEnv("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere.pem");
    const { server, client } = await rig(protocol, {
      config: { headers: { "x-api-key": "own" }, compression: "gzip" },
    });
    expect(await client.send([span()], 60_000)).toEqual({ status: "accepted" });
    const headers = server.requests()[0]?.headers ?? {};
    expect(headers["x-api-key"]).toBe("own");
    expect(headers).not.toHaveProperty("x-foreign");
    expect(headers[protocol === "grpc" ? "grpc-encoding" : "content-encoding"]).toBe("gzip");
    expect(process.env.OTEL_EXPORTER_OTLP_HEADERS).toBe("x-foreign=secret,x-api-key=foreign");
  });

  test("a partial success is told, for the right one of two sends at once", async () => {
    const { client } = await rig(protocol, { isRejected: (received) => received.name === "bad" });
    const outcomes = await Promise.all([
      client.send([span({ name: "bad" }), span(), span({ name: "bad" })], 60_000),
      client.send([span()], 60_000),
      client.send([span({ name: "bad" })], 60_000),
    ]);
    expect(outcomes).toEqual([
      { status: "accepted", rejected: { count: 2, reason: "not taken" } },
      { status: "accepted" },
      { status: "accepted", rejected: { count: 1, reason: "not taken" } },
    ]);
  });

  test("a refused payload says why", async () => {
    const { server, client } = await rig(protocol, { isPoison: (received) => received.name === "poison" });
    const record = span({ name: "poison" });
    expect(await client.send([record], 60_000)).toEqual({
      status: "refused",
      reason: protocol === "grpc" ? "grpc_3" : "http_400",
      detail: `span ${record.identity.spanId} is not acceptable`,
    });
    expect(server.requests()).toHaveLength(1);
  });

  test("nothing to send, no time left, or closed: nothing is sent", async () => {
    const { server, client } = await rig(protocol);
    const timeout = { status: "unavailable", reason: "timeout" };
    expect(await client.send([], 60_000)).toEqual({ status: "accepted" });
    expect(await client.send([span()], 0)).toEqual(timeout);
    expect(await client.send([span()], Number.NaN)).toEqual(timeout);
    await client.close();
    expect(await client.send([span()], 60_000)).toEqual(timeout);
    expect(server.connectionCount()).toBe(0);
  });

  test("the configured timeout bounds a longer deadline", async () => {
    const { server } = await rig(protocol, { behaviour: "hang" });
    const endpoint = protocol === "grpc" ? server.url : `${server.url}/v1/traces`;
    const outcome = await untilReceived(server, async (timeoutMs) => {
      const { client } = await rig(protocol, { config: { endpoint, timeoutMs } });
      return client.send([span()], 24 * 3_600_000);
    });
    expect(outcome).toEqual({ status: "doubtful", reason: "timeout" });
  });

  test("closing settles what is under way", async () => {
    const { server, client } = await rig(protocol, { behaviour: "hang" });
    const outcome = client.send([span()], 60_000);
    await waitFor(() => server.requests().length === 1, { what: "the request" });
    await client.close();
    expect(await outcome).toEqual({ status: "doubtful", reason: "timeout" });
  });

  test("is available again after an outage, without duplicates", async () => {
    const { server, client } = await rig(protocol, { behaviour: "refuse" });
    const record = span();
    expect(await client.send([record], 60_000)).toMatchObject({ status: "unavailable" });
    await server.behave("ok");
    expect(await client.send([record], 60_000)).toEqual({ status: "accepted" });
    expect(server.spans().map((received) => received.spanId)).toEqual([record.identity.spanId]);
  });
});

const slow: readonly Behaviour[] = ["hang", "drip", "drip-body"];

/** What is settled by an answer or an error must not wait for the deadline, or for retries. */
async function settles({ client, server }: Rig, behaviour: Behaviour, outcome: object) {
  const send = (deadlineMs: number) => client.send([span()], deadlineMs);
  expect(await (slow.includes(behaviour) ? untilReceived(server, send) : send(60_000))).toEqual(outcome);
  expect(server.requests().length).toBeLessThanOrEqual(1);
}

describe.each(httpProtocols)("a troubled backend over %s", (protocol) => {
  test.each<[Behaviour, object]>([
    [{ status: 204 }, { status: "accepted" }],
    [{ status: 302 }, { status: "unavailable", reason: "http_302" }],
    [{ status: 401 }, { status: "unavailable", reason: "http_401" }],
    [{ status: 404 }, { status: "unavailable", reason: "http_404" }],
    [
      { status: 413, body: "too\nlarge" },
      { status: "refused", reason: "http_413", detail: "too large" },
    ],
    [{ status: 429 }, { status: "unavailable", reason: "http_429" }],
    [{ status: 500 }, { status: "unavailable", reason: "http_500" }],
    [{ status: 502 }, { status: "unavailable", reason: "http_502" }],
    [
      { status: 503, headers: { "retry-after": "1" } },
      { status: "unavailable", reason: "http_503", retryAfterMs: 1000 },
    ],
    [
      { status: 200, headers: { "content-type": "text/html" }, body: "<h1>Log in</h1>" },
      { status: "unavailable", reason: "invalid_response" },
    ],
    ["refuse", { status: "unavailable", reason: "connection_refused" }],
    ["cut", { status: "doubtful", reason: "connection_reset" }],
    ["cut-after-accept", { status: "doubtful", reason: "connection_reset" }],
    ["nonsense", { status: "unavailable", reason: "invalid_response" }],
    ["hang", { status: "doubtful", reason: "timeout" }],
    ["drip", { status: "doubtful", reason: "timeout" }],
    ["drip-body", { status: "doubtful", reason: "timeout" }],
  ])("%j", async (behaviour, outcome) => {
    await settles(await rig(protocol, { behaviour }), behaviour, outcome);
  });

  test("a host that does not exist", async () => {
    const { client } = await rig(protocol, { config: { endpoint: "http://collector.invalid/v1/traces" } });
    expect(await client.send([span()], 60_000)).toEqual({ status: "unavailable", reason: "dns" });
  });
});

describe("a troubled backend over grpc", () => {
  test.each<[Behaviour, object]>([
    [
      { grpcStatus: 3, message: "bad\nspan" },
      { status: "refused", reason: "grpc_3", detail: "bad span" },
    ],
    [{ grpcStatus: 4 }, { status: "doubtful", reason: "timeout" }],
    [
      { grpcStatus: 8, message: "quota" },
      { status: "unavailable", reason: "grpc_8" },
    ],
    [
      { grpcStatus: 8, message: "received message larger than max (9 vs. 4)" },
      { status: "refused", reason: "grpc_8", detail: "received message larger than max (9 vs. 4)" },
    ],
    [{ grpcStatus: 12 }, { status: "unavailable", reason: "grpc_12" }],
    [{ grpcStatus: 14 }, { status: "unavailable", reason: "grpc_14" }],
    [{ grpcStatus: 16 }, { status: "unavailable", reason: "grpc_16" }],
    [{ status: 302 }, { status: "unavailable", reason: "grpc_2" }],
    [{ status: 503 }, { status: "unavailable", reason: "grpc_14" }],
    ["refuse", { status: "unavailable", reason: "grpc_14" }],
    ["cut", { status: "doubtful", reason: "connection_reset" }],
    ["cut-after-accept", { status: "doubtful", reason: "connection_reset" }],
    ["nonsense", { status: "unavailable", reason: "grpc_14" }],
    ["hang", { status: "doubtful", reason: "timeout" }],
    ["drip", { status: "doubtful", reason: "timeout" }],
    ["drip-body", { status: "doubtful", reason: "timeout" }],
  ])("%j", async (behaviour, outcome) => {
    await settles(await rig("grpc", { behaviour }), behaviour, outcome);
  });
});

test("times are exact to the microsecond", async () => {
  const { server, client } = await rig("http/protobuf");
  const micros = fc.integer({ min: 0, max: 2_000_000_000_000_000 });
  const samples = [0, 999_999, 1_699_999_999_999_999, ...fc.sample(micros, 300)];
  await client.send(
    samples.map((us) => span({ startMs: us / 1000, endMs: us / 1000 })),
    60_000,
  );
  expect(server.spans().map((received) => received.startTimeUnixNano)).toEqual(
    samples.map((us) => BigInt(us) * 1000n),
  );
});

describe.skipIf(!isInPath("openssl"))("TLS", () => {
  async function tlsServer() {
    const directory = mkdtempSync(join(tmpdir(), "otlp-tls-"));
    cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
    const [key, certificate] = [join(directory, "key.pem"), join(directory, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    const files = ["-keyout", key, "-out", certificate];
    const made = spawnSync("openssl", [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      ...files,
      ...subject,
    ]);
    expect(made.status).toBe(0);
    const server = createServer(
      { key: readFileSync(key), cert: readFileSync(certificate) },
      (request, response) => {
        request.resume().on("end", () => response.end());
      },
    );
    const listener = await listenOn(server);
    cleanups.push(listener.shut);
    return { endpoint: `https://localhost:${listener.port}/v1/traces`, certificate, key };
  }

  test("a certificate nobody vouches for is no delivery; the configured one is trusted", async () => {
    const { endpoint, certificate, key } = await tlsServer();
    const untrusting = await rig("http/protobuf", { config: { endpoint } });
    expect(await untrusting.client.send([span()], 60_000)).toEqual({ status: "unavailable", reason: "tls" });
    const trusting = await rig("http/protobuf", { config: { endpoint, certificate } });
    expect(await trusting.client.send([span()], 60_000)).toEqual({ status: "accepted" });
    const mutual = { endpoint, certificate, clientCertificate: certificate, clientKey: key };
    expect(await (await rig("http/json", { config: mutual })).client.send([span()], 60_000)).toEqual({
      status: "accepted",
    });
    const probe = { headers: {}, compression: "none", timeoutMs: 10_000, protocol: "http/protobuf" } as const;
    expect(await probeOtlp({ ...probe, endpoint }, 10_000)).toMatchObject({ error: { reason: "tls" } });
    expect(await probeOtlp({ ...probe, ...mutual }, 10_000)).toMatchObject({ ok: true });
  });

  test.each(protocols)("a file that is no certificate is a TLS failure over %s", async (protocol) => {
    const { endpoint } = await tlsServer();
    const garbage = join(import.meta.dirname, "otlp.test.ts");
    const config = { endpoint, insecure: false, clientCertificate: garbage, clientKey: garbage };
    const { client } = await rig(protocol, { config });
    expect(await client.send([span()], 60_000)).toEqual({ status: "unavailable", reason: "tls" });
  });
});

test.each(protocols)("an unreadable certificate is the user's to mend (%s)", async (protocol) => {
  await expect(rig(protocol, { config: { certificate: "/does/not/exist.pem" } })).rejects.toMatchObject({
    name: "UserError",
    reason: "otlp-certificate",
    hint: expect.stringContaining("OTEL_EXPORTER_OTLP_CERTIFICATE"),
  });
});
