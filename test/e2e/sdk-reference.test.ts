import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, test } from "vitest";
import { startOtlpServer } from "../support/otlp-server.ts";
import { createSandbox, repositoryRoot } from "../support/run-binary.ts";

const run = promisify(execFile);

/** `@` stands for the backend's URL. */
const rows: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ["the general endpoint", { OTEL_EXPORTER_OTLP_ENDPOINT: "@" }],
  ["the general endpoint with a path", { OTEL_EXPORTER_OTLP_ENDPOINT: "@/collector/" }],
  ["the endpoint of traces", { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "@/other/v1/traces" }],
  ["headers", { OTEL_EXPORTER_OTLP_ENDPOINT: "@", OTEL_EXPORTER_OTLP_HEADERS: "x-team=a%20b,x-key=k" }],
  ["http/json", { OTEL_EXPORTER_OTLP_ENDPOINT: "@", OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" }],
  ["gzip", { OTEL_EXPORTER_OTLP_ENDPOINT: "@", OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" }],
  ["the service's name", { OTEL_EXPORTER_OTLP_ENDPOINT: "@", OTEL_SERVICE_NAME: "ours" }],
  [
    "resource attributes",
    { OTEL_EXPORTER_OTLP_ENDPOINT: "@", OTEL_RESOURCE_ATTRIBUTES: "team=core,place=Z%C3%BCrich" },
  ],
  ["a sampler that is off", { OTEL_EXPORTER_OTLP_ENDPOINT: "@", OTEL_TRACES_SAMPLER: "always_off" }],
  [
    "a ratio of nothing",
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: "@",
      OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0",
    },
  ],
  ["no exporter", { OTEL_EXPORTER_OTLP_ENDPOINT: "@", OTEL_TRACES_EXPORTER: "none" }],
  ["a disabled SDK", { OTEL_EXPORTER_OTLP_ENDPOINT: "@", OTEL_SDK_DISABLED: "true" }],
];

/** What of a request the variables decide. */
const decisive = ["content-type", "content-encoding", "x-team", "x-key"];
const attributes = ["service.name", "team", "place"];

async function arrivals(
  variables: Readonly<Record<string, string>>,
  send: (env: Record<string, string>) => Promise<unknown>,
) {
  const server = await startOtlpServer({ protocol: "http" });
  try {
    await send(
      Object.fromEntries(
        Object.entries(variables).map(([name, value]) => [name, value.replace("@", server.url)]),
      ),
    );
    return {
      requests: server.requests().map(({ path, headers }) => [path, decisive.map((name) => headers[name])]),
      resources: server.spans().map(({ resource }) => attributes.map((name) => resource[name])),
    };
  } finally {
    await server.close();
  }
}

describe("the standard variables mean to us what they mean to the OpenTelemetry SDK", () => {
  test.concurrent.for(rows)("%s", async ([, variables], { expect }) => {
    const script = join(repositoryRoot, "test/support/node-sdk.cjs");
    const reference = await arrivals(variables, (env) =>
      run(process.execPath, [script], {
        env: { PATH: process.env.PATH, OTEL_SERVICE_NAME: "tta-persona", ...env },
      }),
    );
    const sandbox = await createSandbox();
    try {
      const own = await arrivals(variables, (env) =>
        sandbox.run(["switch", "backend"], {
          env: { ...env, TTA_PERSONA_DELIVERY: "foreground" },
        }),
      );
      expect(own).toEqual(reference);
    } finally {
      await sandbox.dispose();
    }
  });
});
