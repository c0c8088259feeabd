import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { ExportResultCode } from "@opentelemetry/core";
import { OTLPTraceExporter as GrpcExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanExporter,
} from "@opentelemetry/sdk-trace-base";
import { expect, onTestFinished, test } from "vitest";
import { type OtlpServerOptions, startOtlpServer } from "../support/otlp-server.ts";

const GZIP = { compression: "gzip" as never };

async function startServer(options: OtlpServerOptions) {
  const server = await startOtlpServer(options);
  onTestFinished(() => server.close());
  return server;
}

function makeSpans(): ReadableSpan[] {
  const memory = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ "service.name": "tta-persona" }),
    spanProcessors: [new SimpleSpanProcessor(memory)],
  });
  const tracer = provider.getTracer("the-scope", "1.2.3");
  const linked = tracer.startSpan("persona_switch", { startTime: 1_700_000_000_123 });
  linked.end(1_700_000_000_124);
  const span = tracer.startSpan("stage.tests", {
    kind: SpanKind.CLIENT,
    startTime: [1_700_000_000, 123_456_789],
    attributes: { text: "ä", whole: -7, big: 2 ** 40, real: 0.25, yes: true, list: ["a", "b"] },
    links: [{ context: linked.spanContext(), attributes: { why: "late" } }],
  });
  span.addEvent("exception", { "exception.type": "Error" }, 1_700_000_000_500);
  span.setStatus({ code: SpanStatusCode.ERROR, message: "failed" });
  span.end([1_700_000_001, 1]);
  return memory.getFinishedSpans();
}

/** `undefined` when the exporter is not done by then: it does not time out while bytes drip in. */
async function exportSpans(
  exporter: SpanExporter,
  spans: ReadableSpan[],
): Promise<ExportResultCode | undefined> {
  const code = await new Promise<ExportResultCode | undefined>((resolve) => {
    exporter.export(spans, (result) => resolve(result.code));
    setTimeout(resolve, 1500, undefined);
  });
  if (code !== undefined) await exporter.shutdown();
  return code;
}

test.each([
  ["JSON", "http", (url: string) => new JsonExporter({ url: `${url}/v1/traces` })],
  ["JSON, gzip", "http", (url: string) => new JsonExporter({ url: `${url}/v1/traces`, ...GZIP })],
  ["protobuf", "http", (url: string) => new ProtobufExporter({ url: `${url}/v1/traces` })],
  ["protobuf, gzip", "http", (url: string) => new ProtobufExporter({ url: `${url}/v1/traces`, ...GZIP })],
  ["gRPC", "grpc", (url: string) => new GrpcExporter({ url })],
  ["gRPC, gzip", "grpc", (url: string) => new GrpcExporter({ url, ...GZIP })],
] as const)("decodes what the exporter for %s sends", async (_, protocol, exporterTo) => {
  const server = await startServer({ protocol });
  const sent = makeSpans();

  expect(await exportSpans(exporterTo(server.url), sent)).toBe(ExportResultCode.SUCCESS);

  const [linked, span] = server.spans();
  expect(linked).toMatchObject({ name: "persona_switch", kind: "INTERNAL", status: { code: "UNSET" } });
  expect(span).toEqual({
    traceId: sent[1]?.spanContext().traceId,
    spanId: sent[1]?.spanContext().spanId,
    name: "stage.tests",
    kind: "CLIENT",
    status: { code: "ERROR", message: "failed" },
    attributes: { text: "ä", whole: -7, big: 2 ** 40, real: 0.25, yes: true, list: ["a", "b"] },
    startTimeUnixNano: 1_700_000_000_123_456_789n,
    endTimeUnixNano: 1_700_000_001_000_000_001n,
    startMs: 1_700_000_000_123.4568,
    endMs: 1_700_000_001_000,
    events: [{ name: "exception", timeMs: 1_700_000_000_500, attributes: { "exception.type": "Error" } }],
    links: [{ traceId: linked?.traceId, spanId: linked?.spanId, attributes: { why: "late" } }],
    resource: { "service.name": "tta-persona" },
    scope: { name: "the-scope", version: "1.2.3" },
  });
  expect(server.requests()).toHaveLength(1);
  expect(server.duplicateSpanIds()).toEqual([]);
});

test("counts a span that is sent twice", async () => {
  const server = await startServer({ protocol: "http" });
  const spans = makeSpans();
  for (const _ of [1, 2]) await exportSpans(new ProtobufExporter({ url: `${server.url}/v1/traces` }), spans);
  expect(server.spans()).toHaveLength(4);
  expect(server.duplicateSpanIds()).toEqual(spans.map((span) => span.spanContext().spanId));
});

test("answers 400 to a span id of zeros and accepts nothing of that request", async () => {
  const server = await startServer({ protocol: "http" });
  const body = (spanId: string) =>
    JSON.stringify({
      resourceSpans: [
        {
          scopeSpans: [
            { spans: [{ traceId: "1".repeat(32), spanId, startTimeUnixNano: "1", endTimeUnixNano: "2" }] },
          ],
        },
      ],
    });
  const post = async (text: string) => {
    const headers = { "content-type": "application/json" };
    return (await fetch(`${server.url}/v1/traces`, { method: "POST", headers, body: text })).status;
  };
  expect(await post(body("0".repeat(16)))).toBe(400);
  expect(await post(body("abc"))).toBe(400);
  expect(server.spans()).toEqual([]);
  expect(await post(body("0".repeat(15).concat("1")))).toBe(200);
  expect(server.requests().map(({ answered }) => answered)).toEqual([400, 400, 200]);
});

test.each(["http", "grpc"] as const)(
  "over %s a fault is answered, then the server recovers",
  async (protocol) => {
    const server = await startServer({ protocol });
    const exporter = () =>
      protocol === "grpc"
        ? new GrpcExporter({ url: server.url, timeoutMillis: 500 })
        : new ProtobufExporter({ url: `${server.url}/v1/traces`, timeoutMillis: 500 });

    for (const behaviour of ["refuse", "hang", "drip", "cut", "nonsense", { status: 400 }] as const) {
      await server.behave(behaviour);
      const code = await exportSpans(exporter(), makeSpans());
      expect(code, JSON.stringify(behaviour)).not.toBe(ExportResultCode.SUCCESS);
      expect(server.spans()).toEqual([]);
    }
    await server.behave("cut-after-accept");
    expect(await exportSpans(exporter(), makeSpans())).not.toBe(ExportResultCode.SUCCESS);
    const accepted = server.spans().length;
    expect(accepted).toBeGreaterThan(0);

    await server.behave("ok");
    expect(await exportSpans(exporter(), makeSpans())).toBe(ExportResultCode.SUCCESS);
    expect(server.spans()).toHaveLength(accepted + 2);
  },
);
