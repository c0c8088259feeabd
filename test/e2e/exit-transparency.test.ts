import { createServer } from "node:tls";
import { describe, type TestContext, test } from "vitest";
import type { Behaviour } from "../support/behaviour.ts";
import { listenOn } from "../support/listener.ts";
import { startOtlpServer } from "../support/otlp-server.ts";
import { sandboxOf, writeWorkflow } from "./run-sandbox.ts";

/** How a command may end, and what a shell then says. */
const ENDS: readonly [script: string, code: number][] = [
  ["exit 0", 0],
  ["exit 1", 1],
  ["exit 42", 42],
  ["exit 126", 126],
  ["exit 127", 127],
  ["kill -INT $$", 130],
  ["kill -TERM $$", 143],
  ["kill -KILL $$", 137],
];

interface Collector {
  readonly env: Readonly<Record<string, string>>;
  /** Exit codes of the processes that the spans tell of; undefined where none arrive. */
  readonly exitCodes?: () => readonly unknown[];
}

const SHORT = { CI: "true", TTA_PERSONA_DELIVERY_TIMEOUT: "500ms" };
/** Where something is to arrive: on a busy machine a short deadline might pass before. */
const LONG = { CI: "true" };

function server(behaviour: Behaviour): (context: TestContext) => Promise<Collector> {
  return async (context) => {
    const otlp = await startOtlpServer({ protocol: "http", behaviour });
    context.onTestFinished(() => otlp.close());
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url };
    if (behaviour !== "ok") return { env: { ...SHORT, ...env } };
    return {
      env: { ...LONG, ...env },
      exitCodes: () =>
        otlp
          .spans()
          .filter(({ kind }) => kind === "CLIENT")
          .map(({ attributes }) => attributes["process.exit.code"]),
    };
  };
}

/** Shakes no hand: it has no certificate. */
async function badTls(context: TestContext): Promise<Collector> {
  const listener = await listenOn(createServer({}));
  await listener.open();
  context.onTestFinished(() => listener.shut());
  return { env: { ...SHORT, OTEL_EXPORTER_OTLP_ENDPOINT: `https://127.0.0.1:${listener.port}` } };
}

const MALFORMED: Readonly<Record<string, string>> = {
  OTEL_EXPORTER_OTLP_ENDPOINT: "ht!tp:// no url",
  OTEL_EXPORTER_OTLP_PROTOCOL: "carrier pigeon",
  OTEL_EXPORTER_OTLP_TIMEOUT: "soon",
  OTEL_EXPORTER_OTLP_HEADERS: "=%zz,;",
  OTEL_EXPORTER_OTLP_COMPRESSION: "zip",
  OTEL_EXPORTER_OTLP_CERTIFICATE: "/no/such/file",
  OTEL_EXPORTER_OTLP_INSECURE: "maybe",
  OTEL_RESOURCE_ATTRIBUTES: "%%%=,",
  OTEL_TRACES_EXPORTER: "telegraph",
  OTEL_TRACES_SAMPLER: "sometimes",
  OTEL_TRACES_SAMPLER_ARG: "-7",
  OTEL_PROPAGATORS: ",,",
  OTEL_SDK_DISABLED: "perhaps",
  TRACEPARENT: "00-nonsense",
  TRACESTATE: "no state",
  BAGGAGE: ";=;",
};

async function malformedVariables(): Promise<Collector> {
  return { env: { ...SHORT, ...MALFORMED } };
}

const COLLECTORS: readonly [name: string, start: (context: TestContext) => Promise<Collector>][] = [
  ["is up", server("ok")],
  ["refuses", server("refuse")],
  ["hangs", server("hang")],
  ["answers 503", server({ status: 503 })],
  ["answers 400", server({ status: 400 })],
  ["has bad TLS", badTls],
  ["is named by malformed variables", malformedVariables],
];

const CELLS = COLLECTORS.flatMap(([name, start]) =>
  ENDS.map(([script, code]) => [script, code, name, start] as const),
);

/** What the program may say beside the command's own line. */
const OWN_LINE = /^err\n(?:tta-persona: [^\n]+\n)?$/;

describe("exec passes the exit code on", { concurrent: true }, () => {
  test.for(CELLS)("%s is %i when the collector %s", async ([script, code, _, start], context) => {
    const { env, exitCodes } = await start(context);
    const command = [
      "exec",
      "--persona",
      "backend-engineer",
      "--",
      "sh",
      "-c",
      `echo out; echo err >&2; ${script}`,
    ];
    const result = await sandboxOf(context).run(command, { env });
    context.expect(result).toMatchObject({ code, signal: null, stdout: "out\n" });
    context.expect(result.stderr).toMatch(exitCodes === undefined ? OWN_LINE : /^err\n$/);
    if (exitCodes !== undefined) context.expect(exitCodes()).toEqual([code]);
  });
});

describe("one variable that is malformed changes nothing", { concurrent: true }, () => {
  test.for(Object.entries(MALFORMED))("%s=%s", async ([name, value], context) => {
    const { env } = await server("refuse")(context);
    const command = [
      "exec",
      "--persona",
      "backend-engineer",
      "--",
      "sh",
      "-c",
      "echo out; echo err >&2; exit 42",
    ];
    const result = await sandboxOf(context).run(command, { env: { ...env, [name]: value } });
    context.expect(result).toMatchObject({ code: 42, stdout: "out\n" });
    context.expect(result.stderr).toMatch(OWN_LINE);
  });
});

describe("a run of one stage is 0 or 1", { concurrent: true }, () => {
  test.for(CELLS)("%s (%i) when the collector %s", async ([script, code, _, start], context) => {
    const { env, exitCodes } = await start(context);
    const sandbox = sandboxOf(context);
    writeWorkflow(sandbox, "one-stage", [{ id: "only", run: script }]);
    const result = await sandbox.run(["run", "one-stage", "--json"], { env });
    context.expect(result).toMatchObject({ code: code === 0 ? 0 : 1, signal: null });
    context.expect(JSON.parse(result.stdout)).toMatchObject({
      result: code === 0 ? "success" : "failure",
      stages: [{ id: "only", attempts: 1, result: code === 0 ? "success" : "failure" }],
    });
    context.expect(result.stderr).toMatch(exitCodes === undefined ? /^(?:tta-persona: [^\n]+\n)?$/ : /^$/);
    if (exitCodes !== undefined) context.expect(exitCodes()).toEqual([code]);
  });
});
