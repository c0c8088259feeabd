import { describe, type TestContext, test } from "vitest";
import { type OtlpServer, startOtlpServer } from "../support/otlp-server.ts";
import type { ReceivedSpan } from "../support/otlp-spans.ts";
import { createSandbox } from "../support/run-binary.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";

/** Variables of one run, where `<url>` stands for the backend's. */
type Variables = Readonly<Record<string, string>>;

interface Backend {
  readonly protocol: "http" | "grpc";
}

async function switchWith(
  context: TestContext,
  variables: Variables,
  { protocol }: Backend = { protocol: "http" },
) {
  const server = await startOtlpServer({ protocol });
  context.onTestFinished(() => server.close());
  const sandbox = createSandbox();
  context.onTestFinished(() => sandbox.dispose());
  const env: Record<string, string> = { CI: "1" };
  for (const [name, value] of Object.entries(variables)) {
    env[name] = value.replace("<url>", server.url).replace("<host>", `127.0.0.1:${server.port}`);
  }
  const result = await sandbox.run(["switch", "backend-engineer"], { env });
  context.expect(result).toMatchObject({ code: 0, stdout: "Switched to ⚙️ backend-engineer\n" });
  return { server, result };
}

/** The one request that was made; also asserts that it was the only one. */
function onlyRequest({ expect }: TestContext, server: OtlpServer) {
  expect(server.requests()).toHaveLength(1);
  const [request] = server.requests();
  if (request === undefined) throw new Error("no request");
  return request;
}

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: "<url>" };

describe("each variable of OpenTelemetry that says where and how", { concurrent: true }, () => {
  const rows: readonly [
    name: string,
    variables: Variables,
    expected: { path?: string; headers?: Record<string, unknown> },
    backend?: Backend,
  ][] = [
    [
      "OTEL_EXPORTER_OTLP_ENDPOINT",
      { OTEL_EXPORTER_OTLP_ENDPOINT: "<url>/base" },
      { path: "/base/v1/traces" },
    ],
    [
      "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "<url>/x/v1/traces",
      },
      { path: "/x/v1/traces" },
    ],
    [
      "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
      { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" },
      { headers: { "content-type": "application/x-protobuf" } },
    ],
    [
      "OTEL_EXPORTER_OTLP_PROTOCOL=http/json",
      { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" },
      { headers: { "content-type": "application/json" } },
    ],
    [
      "OTEL_EXPORTER_OTLP_PROTOCOL=grpc",
      { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
      { headers: { "content-type": "application/grpc" } },
      { protocol: "grpc" },
    ],
    [
      "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
      { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc", OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/json" },
      { headers: { "content-type": "application/json" } },
    ],
    [
      "OTEL_EXPORTER_OTLP_INSECURE",
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: "<host>",
        OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
        OTEL_EXPORTER_OTLP_INSECURE: "true",
      },
      {},
      { protocol: "grpc" },
    ],
    [
      "OTEL_EXPORTER_OTLP_HEADERS",
      { ...ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS: "x-tenant=a%20b, authorization=Bearer t" },
      { headers: { "x-tenant": "a b", authorization: "Bearer t" } },
    ],
    [
      "OTEL_EXPORTER_OTLP_HEADERS over grpc",
      { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc", OTEL_EXPORTER_OTLP_HEADERS: "x-tenant=a" },
      { headers: { "x-tenant": "a" } },
      { protocol: "grpc" },
    ],
    [
      "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
      { ...ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS: "x-a=1", OTEL_EXPORTER_OTLP_TRACES_HEADERS: "x-b=2" },
      { headers: { "x-a": undefined, "x-b": "2" } },
    ],
    [
      "OTEL_EXPORTER_OTLP_COMPRESSION",
      { ...ENDPOINT, OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" },
      { headers: { "content-encoding": "gzip" } },
    ],
    [
      "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
      {
        ...ENDPOINT,
        OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
        OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: "none",
      },
      { headers: { "content-encoding": undefined } },
    ],
    ["OTEL_TRACES_EXPORTER=otlp", { ...ENDPOINT, OTEL_TRACES_EXPORTER: "otlp" }, {}],
    ["OTEL_SDK_DISABLED=false", { ...ENDPOINT, OTEL_SDK_DISABLED: "false" }, {}],
  ];
  test.for(rows)("%s", async ([_, variables, expected, backend], context) => {
    const { server, result } = await switchWith(context, variables, backend);
    const request = onlyRequest(context, server);
    context.expect(result.stderr).toBe("");
    if (expected.path !== undefined) context.expect(request.path).toBe(expected.path);
    for (const [name, value] of Object.entries(expected.headers ?? {})) {
      context.expect(request.headers[name]).toBe(value);
    }
    context
      .expect(server.spans())
      .toMatchObject([{ name: "persona_switch", attributes: { to_persona: "backend-engineer" } }]);
  });
});

describe("each variable that decides what a span says", { concurrent: true }, () => {
  const rows: readonly [name: string, variables: Variables, expected: Partial<ReceivedSpan> | "nothing"][] = [
    [
      "OTEL_SERVICE_NAME goes before OTEL_RESOURCE_ATTRIBUTES",
      { OTEL_SERVICE_NAME: "mine", OTEL_RESOURCE_ATTRIBUTES: "service.name=theirs,team=a%2Cb" },
      { resource: { "service.name": "mine", team: "a,b" } },
    ],
    [
      "OTEL_RESOURCE_ATTRIBUTES",
      { OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=ci" },
      { resource: { "service.name": "tta-persona", "deployment.environment.name": "ci" } },
    ],
    [
      "TRACEPARENT and TRACESTATE",
      { TRACEPARENT: `00-${TRACE}-${PARENT}-01`, TRACESTATE: "vendor=x, other=y" },
      { traceId: TRACE, parentSpanId: PARENT, traceState: "vendor=x, other=y" },
    ],
    ["TRACEPARENT that is not sampled", { TRACEPARENT: `00-${TRACE}-${PARENT}-00` }, "nothing"],
    [
      "OTEL_PROPAGATORS",
      { OTEL_PROPAGATORS: "b3", TRACEPARENT: `00-${TRACE}-${PARENT}-00` },
      { kind: "INTERNAL" },
    ],
    ["OTEL_TRACES_SAMPLER", { OTEL_TRACES_SAMPLER: "always_off" }, "nothing"],
    [
      "OTEL_TRACES_SAMPLER over the parent's decision",
      { OTEL_TRACES_SAMPLER: "always_on", TRACEPARENT: `00-${TRACE}-${PARENT}-00` },
      { traceId: TRACE, parentSpanId: PARENT },
    ],
    [
      "OTEL_TRACES_SAMPLER_ARG",
      { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" },
      "nothing",
    ],
  ];
  test.for(rows)("%s", async ([_, variables, expected], context) => {
    const { server, result } = await switchWith(context, { ...ENDPOINT, ...variables });
    context.expect(result.stderr).toBe("");
    if (expected === "nothing") context.expect(server.requests()).toEqual([]);
    else {
      onlyRequest(context, server);
      context.expect(server.spans()).toMatchObject([expected]);
    }
  });

  test("a malformed TRACEPARENT is ignored", async (context) => {
    const { server } = await switchWith(context, {
      ...ENDPOINT,
      TRACEPARENT: `00-${TRACE.toUpperCase()}-${PARENT}-01`,
    });
    const [span] = server.spans();
    context.expect(span?.traceId).not.toBe(TRACE);
    context.expect(span?.parentSpanId).toBeUndefined();
  });
});

describe("each variable that turns the sink off", { concurrent: true }, () => {
  test.for<[string, Variables]>([
    ["OTEL_SDK_DISABLED", { ...ENDPOINT, OTEL_SDK_DISABLED: "true" }],
    ["OTEL_TRACES_EXPORTER", { ...ENDPOINT, OTEL_TRACES_EXPORTER: "none" }],
    ["an empty endpoint", { OTEL_EXPORTER_OTLP_ENDPOINT: "" }],
    ["no endpoint at all", { OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" }],
  ])("%s", async ([_, variables], context) => {
    const { server, result } = await switchWith(context, variables);
    context.expect(server.connectionCount()).toBe(0);
    context.expect(result.stderr).toBe("");
  });
});

test("OTEL_EXPORTER_OTLP_TIMEOUT bounds one attempt", async (context) => {
  const server = await startOtlpServer({ protocol: "http", behaviour: "hang" });
  context.onTestFinished(() => server.close());
  const sandbox = createSandbox();
  context.onTestFinished(() => sandbox.dispose());
  const env = {
    CI: "1",
    OTEL_EXPORTER_OTLP_ENDPOINT: server.url,
    OTEL_EXPORTER_OTLP_TIMEOUT: "300",
  };
  const { stderr, durationMs } = await sandbox.run(["switch", "backend-engineer"], { env });
  context.expect(stderr).toMatch(/^tta-persona: not delivered yet: otlp \(no answer in time\)[^\n]*\n$/);
  context.expect(durationMs).toBeLessThan(50_000);
});

describe("a value that makes no sense", { concurrent: true }, () => {
  test.for<[string, Variables]>([
    ["OTEL_EXPORTER_OTLP_PROTOCOL", { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: "carrier-pigeon" }],
    ["OTEL_EXPORTER_OTLP_ENDPOINT", { OTEL_EXPORTER_OTLP_ENDPOINT: "not a url" }],
    ["OTEL_EXPORTER_OTLP_TIMEOUT", { ...ENDPOINT, OTEL_EXPORTER_OTLP_TIMEOUT: "soon" }],
    ["OTEL_EXPORTER_OTLP_COMPRESSION", { ...ENDPOINT, OTEL_EXPORTER_OTLP_COMPRESSION: "zip" }],
    ["OTEL_EXPORTER_OTLP_CERTIFICATE", { ...ENDPOINT, OTEL_EXPORTER_OTLP_CERTIFICATE: "/nowhere.pem" }],
  ])("of %s is named in one line, and the switch is done", async ([name, variables], context) => {
    const { result, server } = await switchWith(context, variables);
    context.expect(result.stderr).toMatch(/^tta-persona: not delivered yet: otlp \([^\n]+\n$/);
    if (name !== "OTEL_EXPORTER_OTLP_CERTIFICATE") context.expect(result.stderr).toContain(name);
    context.expect(server.spans()).toEqual([]);
  });
});
