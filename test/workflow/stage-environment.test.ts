import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type StageEnvironmentRequest, stageEnvironment } from "../../src/workflow/stage-environment.ts";
import { repositoryRoot } from "../support/run-binary.ts";

const trace = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: true };

function environment(changes: Partial<StageEnvironmentRequest> = {}): Record<string, string> {
  const result = stageEnvironment({
    env: {},
    policy: {},
    parameters: {},
    outputs: {},
    stageEnv: {},
    trace,
    extra: {},
    ...changes,
  });
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

const names = (changes: Partial<StageEnvironmentRequest>) =>
  Object.keys(environment(changes)).filter((name) => name !== "TRACEPARENT");

const caller = {
  PATH: "/usr/bin",
  HOME: "/home/app",
  LC_ALL: "C.UTF-8",
  SSH_AUTH_SOCK: "/run/ssh",
  HTTPS_PROXY: "http://me:secret@proxy:3128",
  npm_config_cache: "/cache",
  PIP_INDEX_URL: "https://pypi.example/simple",
  OTEL_SERVICE_NAME: "shop",
  TTA_PERSONA_HOME: "/state",
};
const secret = {
  GITHUB_TOKEN: "t",
  NPM_TOKEN: "t",
  AWS_SECRET_ACCESS_KEY: "t",
  OTEL_EXPORTER_OTLP_HEADERS: "authorization=t",
  "npm_config_//registry.npmjs.org/:_authToken": "t",
  CI_JOB_TOKEN: "t",
  HOMEBREW_GITHUB_API_TOKEN: "t",
};
const ci = { CI: "true", GITHUB_SHA: "abc", CI_COMMIT_REF_NAME: "main" };
const other = { DATABASE_URL: "postgres://u:p@h/d", KUBECONFIG: "/k", MY_SETTING: "1", AWS_REGION: "eu" };
const all = { ...caller, ...secret, ...ci, ...other };

describe("of the caller's environment", () => {
  test("without an allow list, all passes whose name does not look secret", () => {
    expect(names({ env: all })).toEqual(Object.keys({ ...caller, ...ci, ...other }));
  });

  test("with one, what is needed, what tells of the CI job, and what the list names", () => {
    const policy = { allowEnvironmentAccess: ["GITHUB_TOKEN", "KUBE*", "AWS_REGIO?"] };
    expect(names({ env: all, policy }).sort()).toEqual(
      [...Object.keys({ ...caller, ...ci }), "GITHUB_TOKEN", "KUBECONFIG", "AWS_REGION"].sort(),
    );
    expect(names({ env: all, policy: { allowEnvironmentAccess: [] } })).toEqual(
      Object.keys({ ...caller, ...ci }),
    );
    // What somebody wrote down is meant.
    expect(names({ env: all, policy: { allowEnvironmentAccess: ["*"] } })).toEqual(Object.keys(all));
  });

  test("a block list counts more, but for what is needed", () => {
    expect(names({ env: all, policy: { blockList: ["*"] } })).toEqual(Object.keys(caller));
    const policy = { allowEnvironmentAccess: ["AWS_*", "GITHUB_TOKEN"], blockList: ["AWS_*", "GITHUB_S*"] };
    expect(names({ env: { ...secret, ...ci, ...other }, policy })).toEqual([
      "GITHUB_TOKEN",
      "CI",
      "CI_COMMIT_REF_NAME",
    ]);
  });

  test("a setting or a CI variable with a password in it is no harmless one", () => {
    const env = {
      PIP_INDEX_URL: "https://u:p@pypi.example/simple",
      CI_REPOSITORY_URL: "https://gitlab-ci-token:x@gitlab.example/o/r.git",
    };
    expect(names({ env, policy: { allowEnvironmentAccess: [] } })).toEqual([]);
    expect(names({ env, policy: { allowEnvironmentAccess: ["PIP_*"] } })).toEqual(["PIP_INDEX_URL"]);
  });

  test("globs match whole names, in their case", () => {
    const env = { A_B: "1", XA_B: "1", A_BX: "1", a_b: "1", "A.B": "1" };
    const allowed = (glob: string) => names({ env, policy: { allowEnvironmentAccess: [glob] } });
    expect(allowed("A_B")).toEqual(["A_B"]);
    expect(allowed("A_*")).toEqual(["A_B", "A_BX"]);
    expect(allowed("*A_B*")).toEqual(["A_B", "XA_B", "A_BX"]);
    expect(allowed("A.B")).toEqual(["A.B"]);
    expect(allowed("A?B")).toEqual(["A_B", "A.B"]);
    expect(allowed("")).toEqual([]);
  });

  test("what belongs to the caller alone stays there", () => {
    const env = {
      PWD: "/",
      OLDPWD: "/",
      SHLVL: "2",
      TTA_PARAM_VERSION: "old",
      TTA_OUTPUT_BUILD_TAG: "old",
      TTA_OUTPUT: "/old",
      TTA_PERSONA: "other",
      TTA_PERSONA_LEASE_GENERATION: "3",
      TRACEPARENT: "00-00000000000000000000000000000001-0000000000000001-01",
      TRACESTATE: "old=1",
      BAGGAGE: "old=1",
    };
    expect(environment({ env, policy: { allowEnvironmentAccess: ["*"] } })).toEqual({
      TRACEPARENT: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    });
  });

  test("a command within a stage keeps what the stage was given, unless its own persona blocks it", () => {
    const env = {
      TTA_PARAM_VERSION: "1",
      TTA_OUTPUT_BUILD_TAG: "t",
      TTA_OUTPUT: "/out",
      TTA_PERSONA: "other",
    };
    const allowEnvironmentAccess = ["*"];
    expect(names({ env, isSameStage: true, policy: { allowEnvironmentAccess } })).toEqual([
      "TTA_PARAM_VERSION",
      "TTA_OUTPUT_BUILD_TAG",
      "TTA_OUTPUT",
    ]);
    const policy = { allowEnvironmentAccess, blockList: ["*_VERSION"] };
    expect(names({ env, isSameStage: true, policy })).toEqual(["TTA_OUTPUT_BUILD_TAG", "TTA_OUTPUT"]);
  });
});

describe("the built-in personas", () => {
  const directory = join(repositoryRoot, "personas");
  const policies = new Map(
    readdirSync(directory).map((file) => {
      const { security } = JSON.parse(readFileSync(join(directory, file), "utf8"));
      return [file.replace(".json", ""), security as NonNullable<StageEnvironmentRequest["policy"]>];
    }),
  );
  const env = {
    ...all,
    HF_TOKEN: "t",
    LANGFUSE_SECRET_KEY: "t",
    VITE_X: "1",
    DB_PROD_X: "1",
    DOCKER_HOST: "unix",
  };

  test.each([
    ["backend-engineer", ["GITHUB_TOKEN"]],
    ["data-scientist", ["HF_TOKEN"]],
    [
      "devops-engineer",
      [
        "GITHUB_TOKEN",
        "KUBECONFIG",
        "DOCKER_HOST",
        "NPM_TOKEN",
        "npm_config_//registry.npmjs.org/:_authToken",
      ],
    ],
    ["frontend-engineer", ["GITHUB_TOKEN", "VITE_X"]],
    ["observability-expert", ["OTEL_EXPORTER_OTLP_HEADERS"]],
    ["testing-specialist", ["GITHUB_TOKEN"]],
  ])("%s: what is needed, and %s", (persona, expected) => {
    const policy = policies.get(persona) ?? {};
    expect(names({ env, policy }).sort()).toEqual([...Object.keys({ ...caller, ...ci }), ...expected].sort());
  });
});

test("the stage's own variables pass whatever is blocked, and count more", () => {
  const policy = { allowEnvironmentAccess: [], blockList: ["*"] };
  const result = environment({ env: all, policy, stageEnv: { API_TOKEN: "x", PATH: "/own" } });
  expect(result).toMatchObject({ API_TOKEN: "x", PATH: "/own" });
});

test("parameters and outputs arrive unchanged, under their names", () => {
  const nasty = "$(rm -rf ~)\n`id` 'a' \"b\" \\ é";
  const result = environment({
    env: { PATH: process.env.PATH },
    policy: { blockList: ["*"] },
    parameters: { "tag-name": nasty, secret: "s", missing: undefined },
    outputs: { run_tests: { coverage_pct: "91.3", empty: "" }, build: { file: "a b" } },
    stageEnv: { TTA_PARAM_SECRET: "forged" },
    extra: { TTA_OUTPUT: "/tmp/output", TTA_PERSONA: "backend-engineer" },
  });
  expect(result).toEqual({
    PATH: process.env.PATH,
    TTA_PARAM_TAG_NAME: nasty,
    TTA_PARAM_SECRET: "s",
    TTA_OUTPUT_RUN_TESTS_COVERAGE_PCT: "91.3",
    TTA_OUTPUT_RUN_TESTS_EMPTY: "",
    TTA_OUTPUT_BUILD_FILE: "a b",
    TRACEPARENT: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    TTA_OUTPUT: "/tmp/output",
    TTA_PERSONA: "backend-engineer",
  });
  expect(execFileSync("printenv", ["TTA_PARAM_TAG_NAME"], { env: result, encoding: "utf8" })).toBe(
    `${nasty}\n`,
  );
});

test("the trace context is that of the stage, the unsampled flag too", () => {
  const result = environment({
    stageEnv: { TRACESTATE: "forged=1" },
    trace: { ...trace, sampled: false, state: "vendor=1" },
    baggage: "team=a",
  });
  expect(result).toEqual({
    TRACEPARENT: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
    TRACESTATE: "vendor=1",
    BAGGAGE: "team=a",
  });
  expect(environment({ stageEnv: { TRACESTATE: "forged=1", BAGGAGE: "forged=1" } })).not.toHaveProperty(
    "TRACESTATE",
  );
});

test("what is longer than a variable may be is refused by name", () => {
  const base = {
    env: { PATH: process.env.PATH },
    policy: {},
    parameters: {},
    stageEnv: {},
    trace,
    extra: {},
  };
  const of = (length: number) => stageEnvironment({ ...base, outputs: { s: { k: "x".repeat(length) } } });
  const longest = 128 * 1024 - "TTA_OUTPUT_S_K=".length - 1;
  const fits = of(longest);
  expect(fits.ok && execFileSync("true", { env: fits.value, encoding: "utf8" })).toBe("");
  expect(of(longest + 1)).toMatchObject({ ok: false, error: { reason: "environment-too-long" } });
  expect(JSON.stringify(of(longest + 1))).toContain("TTA_OUTPUT_S_K");
});

test("a NUL byte is refused by name, without the value", () => {
  const result = stageEnvironment({
    env: {},
    policy: {},
    parameters: { title: "hunter2\0" },
    outputs: {},
    stageEnv: {},
    trace,
    extra: {},
  });
  expect(result).toMatchObject({ ok: false, error: { reason: "environment-nul" } });
  expect(JSON.stringify(result)).toContain("TTA_PARAM_TITLE");
  expect(JSON.stringify(result)).not.toContain("hunter2");
});
