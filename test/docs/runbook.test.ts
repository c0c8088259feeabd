import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { takeLease } from "../../src/delivery/lease.ts";
import { defineWorkflow, OFF, scripted } from "../e2e/workflow-project.ts";
import type { Behaviour } from "../support/behaviour.ts";
import { startFakeLangfuse } from "../support/fake-langfuse.ts";
import { startFaultyServer } from "../support/faulty-server.ts";
import { codeBlocksOf } from "../support/markdown.ts";
import {
  type Prometheus,
  type RealServer,
  realServersAvailable,
  startPrometheus,
  startPushgateway,
} from "../support/real-servers.ts";
import { createSandbox, repositoryRoot, type Sandbox } from "../support/run-binary.ts";
import {
  isRun,
  markingProblem,
  nameOfBlock,
  runPromqlBlock,
  runShellBlock,
} from "../support/run-documents.ts";
import { waitFor } from "../support/wait-for.ts";

type Env = Readonly<Record<string, string>>;

const blocks = codeBlocksOf("runbook.md", readFileSync(join(repositoryRoot, "docs/runbook.md"), "utf8"));
const of = (language: string) =>
  blocks
    .filter((block) => block.language === language && isRun(block))
    .map((block) => [nameOfBlock(block), block] as const);

/** A server that shows this behaviour to whatever is asked. */
async function serverThat(behaviour: Behaviour): Promise<string> {
  const server = await startFaultyServer({ behaviour });
  onTestFinished(() => server.close());
  return server.url;
}

const langfuseAt = (url: string): Env => ({
  LANGFUSE_HOST: url,
  LANGFUSE_PUBLIC_KEY: "pk-lf-test",
  LANGFUSE_SECRET_KEY: "sk-lf-test",
});

/** States that blocks need, by the name that they give them. @returns variables on top of the others. */
const given: Readonly<Record<string, (sandbox: Sandbox) => Promise<Env>>> = {
  async exceeded(sandbox) {
    await exceedBudget(sandbox, OFF);
    return {};
  },
  async "failed-run"(sandbox) {
    defineWorkflow(sandbox, { name: "deploy", stages: [scripted("build", "echo broken >&2; exit 1")] });
    expect((await sandbox.run(["run", "deploy"], { env: OFF })).code).toBe(1);
    return {};
  },
  "gateway-down": async () => ({ PUSHGATEWAY_URL: await serverThat("refuse") }),
  "gateway-refuses": async () => ({
    PUSHGATEWAY_URL: await serverThat({ status: 400, body: "pushed metrics are invalid or inconsistent" }),
  }),
  "otlp-refuses": async () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: await serverThat({ status: 401 }) }),
  async "langfuse-keys"() {
    const langfuse = await startFakeLangfuse();
    onTestFinished(() => langfuse.close());
    return langfuseAt(langfuse.url);
  },
  "langfuse-busy": async () =>
    langfuseAt(await serverThat({ status: 429, headers: { "retry-after": "60" } })),
  async "dead-letters"(sandbox) {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: await serverThat({ status: 400, body: "no" }) };
    await sandbox.run(["flush"], { env });
    return env;
  },
  async "foreign-lease"({ home }) {
    const owner = { host: "elsewhere", boot: "", pid: 1, start: "" };
    expect(takeLease(join(home, "lease"), { owner, version: "0.1.0", deliveryHash: "" })).toBe(1);
    return {};
  },
  "no-home": async () => ({ TTA_PERSONA_HOME: "/proc/nowhere" }),
};

async function exceedBudget(sandbox: Sandbox, env: Env): Promise<void> {
  const call = [
    "--persona",
    "backend-engineer",
    "--model",
    "openai/gpt-4o",
    "--input",
    "1500",
    "--output",
    "10",
  ];
  for (const args of [
    ["budget", "set", "backend-engineer", "1000"],
    ["tokens", "record", ...call],
  ]) {
    expect(await sandbox.run(args, { env })).toMatchObject({ code: 0 });
  }
}

/** One that shares its `instance` and `pipeline` with the other jobs of its workflow. */
const ciJob = (name: string): Env => ({
  CI: "true",
  GITHUB_ACTIONS: "true",
  GITHUB_REPOSITORY: "example/shop",
  GITHUB_WORKFLOW: "checks",
  GITHUB_JOB: name,
  GITHUB_RUN_ID: "1",
});

test("blocks are marked as the harness knows it, and all are run", () => {
  const problems = blocks.map((block) => [nameOfBlock(block), markingProblem(block)] as const);
  expect(problems.filter(([, problem]) => problem !== undefined)).toEqual([]);
  expect(blocks.filter((block) => !isRun(block))).toEqual([]);
  expect(blocks.filter(({ language }) => !["sh", "promql"].includes(language))).toEqual([]);
});

describe.skipIf(!realServersAvailable())("what the runbook shows", () => {
  let gateway: RealServer;
  let prometheus: Prometheus;
  const measured: Sandbox[] = [];

  beforeAll(async () => {
    gateway = await startPushgateway();
    prometheus = await startPrometheus({ targets: [`127.0.0.1:${gateway.port}`] });
    const env = { PUSHGATEWAY_URL: gateway.url, TTA_PERSONA_DELIVERY: "foreground" };
    for (const whose of [{}, ciJob("lint"), ciJob("test")]) {
      const sandbox = createSandbox();
      measured.push(sandbox);
      await sandbox.run(["switch", "backend-engineer"], { env: { ...env, ...whose } });
      await exceedBudget(sandbox, { ...env, ...whose });
    }
    await prometheus.nextScrape();
    // An increase needs two samples.
    await prometheus.nextScrape();
    const exceeded = "hypertool_persona_token_budget_remaining < 0";
    await waitFor(async () => (await prometheus.query(exceeded)).length === measured.length, {
      what: "the budgets to be scraped",
    });
  });

  afterAll(async () => {
    await Promise.all([prometheus?.close(), gateway?.close(), ...measured.map((one) => one.dispose())]);
  });

  test.each(of("promql"))("%s", async (_, block) => {
    expect(await runPromqlBlock(block, prometheus)).toBeUndefined();
  });

  test.each(of("sh"))("%s", async (_, block) => {
    const sandbox = createSandbox();
    onTestFinished(() => sandbox.dispose());
    await sandbox.run(["switch", "backend-engineer"], { env: OFF });
    const prepare = block.info.given === undefined ? undefined : given[block.info.given];
    expect(prepare === undefined, `given="${block.info.given}" is known`).toBe(
      block.info.given === undefined,
    );
    const env = {
      PUSHGATEWAY_URL: gateway.url,
      TTA_PERSONA_DELIVERY: "off",
      PROMETHEUS_URL: prometheus.url,
      ...(await prepare?.(sandbox)),
    };
    expect(await runShellBlock(block, sandbox, env)).toBeUndefined();
  });
});
