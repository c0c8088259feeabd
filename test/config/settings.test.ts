import fs from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { settingKeys } from "../../src/config/keys.ts";
import { readSettings } from "../../src/config/settings.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

type Env = Readonly<Record<string, string>>;

/** Settings under this environment and with this content of the user's file. */
function settings(env: Env = {}, file?: unknown) {
  const path = `${temporaryDirectory()}/config.json`;
  if (file !== undefined) fs.writeFileSync(path, typeof file === "string" ? file : JSON.stringify(file));
  return readSettings(path, env);
}

describe("a setting comes", () => {
  const file = {
    delivery: { mode: "off", timeout: "5s" },
    pushgateway: { url: "http://file.test:9091", username: "me", password: "s3cret" },
  };

  test("from the defaults where nothing else is said", () => {
    expect(settings()).toMatchObject({
      deliveryMode: "background",
      deliveryTimeoutMs: 2000,
      lingerMs: 300_000,
      pushgateway: undefined,
      idleTimeoutMs: 28_800_000,
      retention: { ageMs: 30 * 86_400_000, sizeBytes: 512 * 1024 ** 2 },
      segmentBytes: 8 * 1024 ** 2,
      anySink: false,
      problems: [],
    });
  });

  test("from the user's file before the defaults", () => {
    expect(settings({}, file)).toMatchObject({
      deliveryMode: "off",
      deliveryTimeoutMs: 5000,
      pushgateway: {
        url: "http://file.test:9091",
        scrapeIntervalMs: 60_000,
        username: "me",
        password: "s3cret",
      },
      anySink: true,
      problems: [],
    });
  });

  test("from the environment before the file", () => {
    const env = {
      TTA_PERSONA_DELIVERY: "foreground",
      TTA_PERSONA_DELIVERY_TIMEOUT: "1s",
      PUSHGATEWAY_URL: "http://env.test:9091",
    };
    const { resolved, ...read } = settings(env, file);
    expect(read).toMatchObject({
      deliveryMode: "foreground",
      deliveryTimeoutMs: 1000,
      pushgateway: { url: "http://env.test:9091", username: "me" },
    });
    const sources = Object.fromEntries(resolved.map(({ key, source }) => [key.key, source]));
    expect(sources).toMatchObject({
      "delivery.mode": "environment",
      "pushgateway.username": "user",
      "delivery.linger": "default",
      "otlp.endpoint": "unset",
    });
    expect(resolved.map(({ key }) => key.key)).toEqual(settingKeys.map(({ key }) => key));
  });

  test("from the file where the variable is empty", () => {
    expect(settings({ TTA_PERSONA_DELIVERY: "", PUSHGATEWAY_URL: "  " }, file)).toMatchObject({
      deliveryMode: "off",
      pushgateway: { url: "http://file.test:9091" },
      problems: [],
    });
  });

  test("from the next place where it is no good, with a problem that says where", () => {
    const read = settings(
      { TTA_PERSONA_DELIVERY: "sometimes", TTA_PERSONA_DELIVERY_TIMEOUT: "soon" },
      { delivery: { mode: "off", timeout: 5 } },
    );
    expect(read).toMatchObject({ deliveryMode: "off", deliveryTimeoutMs: 2000 });
    expect(read.problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^TTA_PERSONA_DELIVERY: .*"sometimes"/),
      expect.stringMatching(/^TTA_PERSONA_DELIVERY_TIMEOUT: .*"soon"/),
      expect.stringMatching(/config\.json: delivery\.timeout cannot be "5"/),
    ]);
    for (const { hint } of read.problems) expect(hint).toBeTruthy();
  });
});

test.each([
  [{}, "background"],
  [{ CI: "true" }, "foreground"],
  [{ CI: "woodpecker" }, "foreground"],
  [{ CI: "false" }, "background"],
  [{ CI: "0" }, "background"],
  [{ CI: "" }, "background"],
  [{ CI: "true", TTA_PERSONA_DELIVERY: "background" }, "background"],
])("under %j facts are delivered in mode %s", (env, mode) => {
  expect(settings(env as Env).deliveryMode).toBe(mode);
});

test("a duration beyond what a timer can wait for is as long as it can", () => {
  const read = settings({ TTA_PERSONA_DELIVERY_TIMEOUT: "60d" }, { delivery: { linger: "365d" } });
  expect(read.deliveryTimeoutMs).toBe(2 ** 31 - 1);
  expect(read.lingerMs).toBe(2 ** 31 - 1);
});

test.each([
  [{}, undefined, false],
  [{ PUSHGATEWAY_URL: "http://p.test" }, undefined, true],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://o.test" }, undefined, true],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://o.test" }, undefined, true],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "" }, undefined, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://o.test", OTEL_SDK_DISABLED: "true" }, undefined, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://o.test", OTEL_SDK_DISABLED: "no" }, undefined, true],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://o.test", OTEL_TRACES_EXPORTER: "none" }, undefined, false],
  [{ OTEL_TRACES_EXPORTER: "none", PUSHGATEWAY_URL: "http://p.test" }, undefined, true],
  [{}, { otlp: { endpoint: "http://o.test" } }, true],
])("under %j with %j there is a sink: %s", (env, file, anySink) => {
  expect(settings(env as Env, file).anySink).toBe(anySink);
});

describe("a file that is no good", () => {
  test.each([
    ["torn", '{"delivery":{"mode":'],
    ["empty", ""],
    ["no object", "[]"],
    ["null", "null"],
  ])("%s: is passed over, and told", (_, content) => {
    const read = settings({}, content);
    expect(read.deliveryMode).toBe("background");
    expect(read.problems).toMatchObject([{ reason: "broken-config" }]);
    expect(read.problems[0]?.message).toContain("config.json");
  });

  test("a directory in its place is told too", () => {
    const path = temporaryDirectory();
    expect(readSettings(path, {}).problems[0]?.message).toContain("EISDIR");
  });

  test("never makes settings that cannot be worked with, whatever is in it", () => {
    const arbitraryFile = fc.oneof(
      fc.json(),
      fc
        .dictionary(
          fc.constantFrom("delivery", "pushgateway", "otlp", "session", "retention", "__proto__"),
          fc.dictionary(
            fc.constantFrom("mode", "timeout", "url", "size", "age", "idleTimeout", "endpoint", "linger"),
            fc.jsonValue(),
          ),
        )
        .map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(arbitraryFile, (content) => {
        const read = settings({}, content);
        expect(["background", "foreground", "off"]).toContain(read.deliveryMode);
        expect(read.deliveryTimeoutMs).toBeGreaterThan(0);
        expect(read.idleTimeoutMs).toBeGreaterThan(0);
        expect(read.retention.ageMs).toBeGreaterThan(0);
        expect(read.retention.sizeBytes).toBeGreaterThan(0);
        expect(read.segmentBytes).toBeGreaterThan(0);
      }),
    );
  });
});

test("no problem quotes a secret", () => {
  const read = settings(
    { PUSHGATEWAY_URL: "ftp://user:s3cret@push.test" },
    {
      pushgateway: { url: "user:s3cret@push.test", password: "" },
      otlp: { endpoint: "http://user:s3cret@[", headers: "" },
    },
  );
  expect(read.problems.length).toBeGreaterThanOrEqual(3);
  expect(JSON.stringify(read.problems)).not.toContain("s3cret");
  expect(JSON.stringify(settings({}, '{"pushgateway":{"password":"s3cret"').problems)).not.toContain(
    "s3cret",
  );
});

describe("what tells deliverers apart", () => {
  const hash = (env: Env = {}, file?: unknown) => settings(env, file).deliveryHash();

  test("is the same for the same settings, wherever they come from", () => {
    expect(hash()).toBe(hash());
    expect(hash({ PUSHGATEWAY_URL: "http://p.test" })).toBe(
      hash({ HOME: "/u" }, { pushgateway: { url: "http://p.test" } }),
    );
  });

  test.each([
    [{ PUSHGATEWAY_URL: "http://p.test" }, {}],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://o.test" }, {}],
    [{ OTEL_EXPORTER_OTLP_HEADERS: "a=1" }, {}],
    [{ OTEL_SDK_DISABLED: "true" }, {}],
    [{}, { pushgateway: { password: "x" } }],
  ])("changes with %j %j", (env, file) => {
    expect(hash(env as Env, file)).not.toBe(hash());
  });

  test("does not change with what only the command itself does", () => {
    expect(hash({ TTA_PERSONA_DELIVERY: "off", CI: "1" }, { session: { idleTimeout: "1h" } })).toBe(hash());
  });
});

describe("Langfuse", () => {
  const keys = { LANGFUSE_PUBLIC_KEY: "pk-lf-1", LANGFUSE_SECRET_KEY: "sk-lf-1" };

  test("is on when both keys are set, wherever they come from", () => {
    expect(settings(keys)).toMatchObject({
      anySink: true,
      langfuse: {
        publicKey: "pk-lf-1",
        secretKey: "sk-lf-1",
        host: "https://cloud.langfuse.com",
        environment: "default",
        ingestion: "otlp",
        release: undefined,
      },
    });
    const half = settings({ LANGFUSE_PUBLIC_KEY: "pk-lf-1" });
    expect(half).toMatchObject({ anySink: false, langfuse: undefined });
    const both = settings({ LANGFUSE_PUBLIC_KEY: "pk-lf-1" }, { langfuse: { secretKey: "from-file" } });
    expect(both.langfuse).toMatchObject({ publicKey: "pk-lf-1", secretKey: "from-file" });
  });

  test("is where LANGFUSE_HOST says, else LANGFUSE_BASE_URL, else the file", () => {
    const file = { langfuse: { host: "http://file.test" } };
    const hostOf = (env: Env) => settings({ ...keys, ...env }, file).langfuse?.host;
    const base = { LANGFUSE_BASE_URL: "http://base.test" };
    expect(hostOf({ ...base, LANGFUSE_HOST: "http://host.test" })).toBe("http://host.test");
    expect(hostOf({ ...base, LANGFUSE_HOST: "" })).toBe("http://base.test");
    expect(hostOf({})).toBe("http://file.test");
    const { problems } = settings({ ...keys, LANGFUSE_BASE_URL: "base.test" });
    expect(problems).toMatchObject([{ message: expect.stringMatching(/^LANGFUSE_BASE_URL: /) }]);
  });

  test.each(["Production", "langfuse-x", "a b", "x".repeat(41)])("has no environment %s", (environment) => {
    const read = settings(keys, { langfuse: { environment } });
    expect(read.problems).toHaveLength(1);
    expect(read.langfuse?.environment).toBe("default");
  });

  test("has another hash for a deliverer with other keys", () => {
    const hash = (env: Env) => settings(env).deliveryHash();
    expect(hash(keys)).not.toBe(hash({ ...keys, LANGFUSE_SECRET_KEY: "sk-lf-2" }));
  });
});
