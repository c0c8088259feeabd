import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { otlpConfigFromEnvironment } from "../../src/backend/otlp-config.ts";
import type { Environment } from "../../src/backend/otlp-option.ts";

const ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES_ENDPOINT = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
const PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL";
const HEADERS = "OTEL_EXPORTER_OTLP_HEADERS";

function configured(environment: Environment, settings = {}) {
  const result = otlpConfigFromEnvironment(environment, settings);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

describe("off, silently", () => {
  test.each([
    ["with nothing set", {}],
    ["with empty variables", { [ENDPOINT]: "", [TRACES_ENDPOINT]: "  " }],
    [
      "with everything but an endpoint, even if it is wrong",
      { [PROTOCOL]: "smoke-signals", OTEL_SDK_DISABLED: "1" },
    ],
    ["when the SDK is disabled", { [ENDPOINT]: "http://h:4318", OTEL_SDK_DISABLED: "TRUE" }],
    ["when traces are not to be exported", { [ENDPOINT]: "http://h:4318", OTEL_TRACES_EXPORTER: "none" }],
  ])("%s", (_, environment) => {
    expect(configured(environment)).toBeUndefined();
  });

  test.each(["otlp", "console, otlp"])("but on with OTEL_TRACES_EXPORTER=%s", (exporters) => {
    expect(configured({ [ENDPOINT]: "http://h:4318", OTEL_TRACES_EXPORTER: exporters })).toBeDefined();
  });
});

describe("endpoint", () => {
  test("the defaults around it", () => {
    expect(configured({ [ENDPOINT]: "http://h:4318" })).toEqual({
      protocol: "http/protobuf",
      endpoint: "http://h:4318/v1/traces",
      headers: {},
      compression: "none",
      timeoutMs: 10_000,
    });
  });

  test.each([
    [{ [ENDPOINT]: "http://h:4318/" }, "http://h:4318/v1/traces"],
    [{ [ENDPOINT]: "https://h/base" }, "https://h/base/v1/traces"],
    [{ [ENDPOINT]: "https://h/base/?tenant=7" }, "https://h/base/v1/traces?tenant=7"],
    [{ [TRACES_ENDPOINT]: "http://h:4318" }, "http://h:4318/"],
    [{ [TRACES_ENDPOINT]: "http://h:4318/custom" }, "http://h:4318/custom"],
    [{ [TRACES_ENDPOINT]: "http://t/x", [ENDPOINT]: "http://general" }, "http://t/x"],
  ])("%o over http", (environment, endpoint) => {
    expect(configured(environment)?.endpoint).toBe(endpoint);
  });

  test.each([
    [{ [ENDPOINT]: "http://h:4317" }, { endpoint: "http://h:4317", insecure: true }],
    [{ [ENDPOINT]: "https://h:4317/ignored" }, { endpoint: "https://h:4317", insecure: false }],
    [{ [ENDPOINT]: "h:4317" }, { endpoint: "https://h:4317", insecure: false }],
    [{ [ENDPOINT]: "https://h" }, { endpoint: "https://h:443", insecure: false }],
    [
      { [ENDPOINT]: "[::1]:4317", OTEL_EXPORTER_OTLP_INSECURE: "true" },
      { endpoint: "http://[::1]:4317", insecure: true },
    ],
    [
      { [ENDPOINT]: "https://h:4317", OTEL_EXPORTER_OTLP_INSECURE: "true" },
      { endpoint: "https://h:4317", insecure: false },
    ],
  ])("%o over grpc", (environment, expected) => {
    expect(configured({ ...environment, [PROTOCOL]: "grpc" })).toMatchObject({
      protocol: "grpc",
      ...expected,
    });
  });

  test("userinfo becomes a header and leaves the URL, unless there is such a header", () => {
    const environment = { [ENDPOINT]: "https://us%20er:pa:ss@h" };
    expect(configured(environment)).toMatchObject({
      endpoint: "https://h/v1/traces",
      headers: { authorization: `Basic ${Buffer.from("us er:pa:ss").toString("base64")}` },
    });
    expect(configured({ ...environment, [HEADERS]: "Authorization=Bearer%20t" })?.headers).toEqual({
      Authorization: "Bearer t",
    });
  });
});

describe("headers", () => {
  test.each([
    ["a=1,b=2", { a: "1", b: "2" }],
    [" a = 1 , b = x%2Cy%3D ,", { a: "1", b: "x,y=" }],
    ["authorization=Basic dXNlcjpwdw==", { authorization: "Basic dXNlcjpwdw==" }],
    ["a=", { a: "" }],
  ])("%s", (text, headers) => {
    expect(configured({ [ENDPOINT]: "http://h", [HEADERS]: text })?.headers).toEqual(headers);
  });

  test("those for traces replace the general ones", () => {
    const environment = {
      [ENDPOINT]: "http://h",
      [HEADERS]: "a=1",
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: "b=2",
    };
    expect(configured(environment)?.headers).toEqual({ b: "2" });
  });

  test("any value survives its percent-encoding", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((c) => String.fromCharCode(c)) }),
        (v) => {
          const environment = { [ENDPOINT]: "http://h", [HEADERS]: `k=${encodeURIComponent(v)}` };
          expect(configured(environment)?.headers).toEqual({ k: v });
        },
      ),
    );
  });
});

describe("settings", () => {
  const settings = { endpoint: "https://own", protocol: "http/json", headers: "x-key=mine" };

  test("serve when the environment says nothing", () => {
    expect(configured({}, settings)).toMatchObject({
      endpoint: "https://own/v1/traces",
      protocol: "http/json",
      headers: { "x-key": "mine" },
    });
  });

  test("give way to the environment", () => {
    const environment = { [PROTOCOL]: "http/protobuf", [HEADERS]: "a=1" };
    expect(configured(environment, settings)).toMatchObject({
      protocol: "http/protobuf",
      headers: { a: "1" },
    });
  });

  test("their headers never go to an endpoint of the environment", () => {
    expect(configured({ [ENDPOINT]: "http://else" }, settings)?.headers).toEqual({});
  });
});

test("the rest", () => {
  expect(
    configured({
      [ENDPOINT]: "https://h",
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      OTEL_EXPORTER_OTLP_TIMEOUT: "10",
      OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: "2500",
      OTEL_EXPORTER_OTLP_CERTIFICATE: "/ca.pem",
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: "/cert.pem",
      OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY: "/key.pem",
    }),
  ).toMatchObject({
    compression: "gzip",
    timeoutMs: 2500,
    certificate: "/ca.pem",
    clientCertificate: "/cert.pem",
    clientKey: "/key.pem",
  });
});

describe("bad values are named, with what is allowed, and not quoted", () => {
  test.each([
    [ENDPOINT, "secret", "http://"],
    [ENDPOINT, "ftp://secret", "http://"],
    [TRACES_ENDPOINT, "//secret", "http://"],
    [PROTOCOL, "http/secret", "http/protobuf, http/json, grpc"],
    ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "GRPCsecret", "grpc"],
    [HEADERS, "a=1,secret", "entry 2"],
    [HEADERS, "=secret", "entry 1"],
    [HEADERS, "a=%secret", "entry 1"],
    [HEADERS, "a b=secret", "entry 1"],
    [HEADERS, "a=secret%0Ainjected: 1", "entry 1"],
    ["OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "secret", "none, gzip"],
    ["OTEL_EXPORTER_OTLP_TIMEOUT", "secret", "milliseconds"],
    ["OTEL_EXPORTER_OTLP_TIMEOUT", "0", "above 0"],
    ["OTEL_EXPORTER_OTLP_TIMEOUT", "2s", "milliseconds"],
    ["OTEL_EXPORTER_OTLP_INSECURE", "secret", "true"],
    ["OTEL_EXPORTER_OTLP_CLIENT_KEY", "/secret", "CLIENT_CERTIFICATE"],
    ["OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "/secret", "CLIENT_KEY"],
    ["OTEL_TRACES_EXPORTER", "secret", "otlp"],
    ["OTEL_SDK_DISABLED", "secret", "true"],
  ])("%s=%s", (name, value, allowed) => {
    const result = otlpConfigFromEnvironment({ [ENDPOINT]: "http://h", [name]: value }, {});
    expect(result).toMatchObject({
      ok: false,
      error: { reason: "otlp-config", message: expect.stringContaining(name) },
    });
    const text = JSON.stringify(result);
    expect(text).toContain(allowed);
    expect(text).not.toContain("secret");
  });

  test.each([
    [{ endpoint: "nowhere" }, "otlp.endpoint"],
    [{ endpoint: "http://h", protocol: "x" }, "otlp.protocol"],
    [{ endpoint: "http://h", headers: "bad name=secret" }, "otlp.headers"],
  ])("in the settings: %o", (settings, name) => {
    const result = otlpConfigFromEnvironment({}, settings);
    expect(result).toMatchObject({ ok: false, error: { message: expect.stringContaining(name) } });
    expect(JSON.stringify(result)).not.toContain("secret");
  });

  test("what gRPC metadata cannot carry", () => {
    for (const headers of ["a=ü", "x-bin=1", "grpc-timeout=1", "a!=1"]) {
      const environment = { [ENDPOINT]: "http://h", [PROTOCOL]: "grpc", [HEADERS]: encodeURI(headers) };
      expect(otlpConfigFromEnvironment(environment, {})).toMatchObject({ ok: false });
    }
  });
});
