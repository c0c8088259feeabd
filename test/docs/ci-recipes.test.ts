import { execFile } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { type FakePushgateway, startFakePushgateway } from "../support/fake-pushgateway.ts";
import { codeBlocksOf } from "../support/markdown.ts";
import { realServersAvailable, startPrometheus, startPushgateway } from "../support/real-servers.ts";
import { createSandbox, repositoryRoot, type Sandbox } from "../support/run-binary.ts";
import { installInto } from "../support/run-documents.ts";

/** The CI recipes of the user guide, executed as their providers do, with the built program and a stand-in for npm. */
type Env = Readonly<Record<string, string>>;

interface GitHubPipeline {
  readonly name: string;
  readonly on: unknown;
  readonly jobs: Readonly<Record<string, GitHubJob>>;
}

interface GitHubJob {
  readonly "runs-on": string;
  readonly strategy: { readonly matrix: Readonly<Record<string, readonly unknown[]>> };
  readonly env: Env;
  readonly steps: readonly { readonly run?: string; readonly uses?: string; readonly if?: string }[];
}

interface GitLabJob {
  readonly image: string;
  readonly parallel: number;
  readonly before_script: readonly string[];
  readonly script: readonly string[];
  readonly after_script: readonly string[];
}

const guide = codeBlocksOf("user-guide.md", readFileSync(join(repositoryRoot, "docs/user-guide.md"), "utf8"));

/** @returns a pipeline of the guide, parsed. */
function recipe<Pipeline>(provider: string): Pipeline {
  const found = guide.filter(({ info }) => info.ci === provider);
  expect(found).toHaveLength(1);
  return parse(found[0]?.text ?? "") as Pipeline;
}

/** Puts variables in place of `${{ … }}`. @throws when there is one that the test does not know. */
function filledIn(text: string, values: Env): string {
  return text.replaceAll(/\$\{\{ *([\w.-]+) *\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the test knows nothing of ${name}`);
    return value;
  });
}

/** A runner with an empty disk: `npm` only says what it was asked for, and its tests pass unless told otherwise. */
function startRunner(isFailing: boolean): Sandbox & { script(text: string, env: Env): Promise<number> } {
  const sandbox = createSandbox();
  onTestFinished(() => sandbox.dispose());
  const path = installInto(sandbox);
  const npm = join(sandbox.userHome, "bin", "npm");
  writeFileSync(npm, `#!/bin/sh\n[ "$1" != test ] || exit ${isFailing ? 1 : 0}\n`);
  chmodSync(npm, 0o755);
  const { TTA_PERSONA_HOME: _, ...sealed } = sandbox.env;
  return {
    ...sandbox,
    script: (text, env) =>
      new Promise((resolve) => {
        const options = { cwd: sandbox.project, env: { ...sealed, PATH: path, ...env }, timeout: 240_000 };
        // As both providers start bash.
        execFile("bash", ["--norc", "-eo", "pipefail", "-c", text], options, (error) =>
          resolve(error === null ? 0 : Number(error.code ?? -1)),
        );
      }),
  };
}

/** While the work is done, so that the last flush has something to do. */
const AWAY = { status: 503 };
/** In vain, so not for long. */
const WHILE_AWAY = { TTA_PERSONA_DELIVERY_TIMEOUT: "1s" };

const SWITCHES = "hypertool_persona_switches_total";
const toTesting = { from_persona: "none", to_persona: "testing-specialist", chatmode: "default" };

function expectZeros(gateway: FakePushgateway, slot: string): void {
  expect(gateway.value(SWITCHES, { ...toTesting, slot })).toBe(0);
  expect(gateway.value(SWITCHES, { slot })).toBe(0);
  expect(gateway.value("hypertool_persona_duration_seconds_count", { slot })).toBe(0);
}

function expectTotals(gateway: FakePushgateway, slot: string): void {
  expect(gateway.value(SWITCHES, { ...toTesting, slot })).toBe(1);
  expect(
    gateway.value("hypertool_persona_duration_seconds_count", { persona: "testing-specialist", slot }),
  ).toBe(1);
}

async function gatewayOfTest(): Promise<FakePushgateway> {
  const gateway = await startFakePushgateway();
  onTestFinished(() => gateway.close());
  return gateway;
}

const runs = [
  { run: "1", isFailing: false },
  { run: "2", isFailing: true },
];

test("GitHub Actions: zeros first, totals at the end, one group per job of the matrix", async () => {
  const { name, jobs, on } = recipe<GitHubPipeline>("github");
  expect(on).toBeDefined();
  const [[jobId = "", job] = []] = Object.entries(jobs);
  if (job === undefined) throw new Error("no job");
  const gateway = await gatewayOfTest();
  for (const { run, isFailing } of runs) {
    for (const index of Object.values(job.strategy.matrix)[0]?.keys() ?? []) {
      const runner = startRunner(isFailing);
      const values = {
        "secrets.PUSHGATEWAY_URL": gateway.url,
        // What is no secret of the repository is empty.
        "secrets.OTLP_ENDPOINT": "",
        "strategy.job-index": String(index),
      };
      const env = {
        CI: "true",
        GITHUB_ACTIONS: "true",
        GITHUB_REPOSITORY: "owner/repository",
        GITHUB_WORKFLOW: name,
        GITHUB_JOB: jobId,
        GITHUB_RUN_ID: run,
        ...Object.fromEntries(Object.entries(job.env).map(([key, value]) => [key, filledIn(value, values)])),
      };
      let isFailed = false;
      let flushes = 0;
      for (const step of job.steps) {
        if (step.run === undefined || (isFailed && step.if !== "always()")) continue;
        const isAway = step.run.includes("exec");
        await gateway.behave(isAway ? AWAY : "ok");
        const stepEnv = { ...env, ...(isAway ? WHILE_AWAY : {}) };
        isFailed = (await runner.script(filledIn(step.run, values), stepEnv)) !== 0 || isFailed;
        if (step.run.includes("flush") && flushes++ === 0) expectZeros(gateway, `${jobId}/${index}`);
      }
      expect({ isFailed, flushes }).toEqual({ isFailed: isFailing, flushes: 2 });
      expectTotals(gateway, `${jobId}/${index}`);
    }
  }
  expect(gateway.groups().map(({ key }) => key)).toEqual(
    ["test/0", "test/1"].map((slot) => ({
      job: "tta-persona",
      instance: "ci",
      pipeline: "owner/repository/ci",
      slot,
    })),
  );
});

function gitLabJob(): GitLabJob {
  const { stages, test: job } = recipe<{ readonly stages: readonly string[]; readonly test: GitLabJob }>(
    "gitlab",
  );
  expect(stages).toContain("test");
  return job;
}

const gitLabEnv = (url: string, run: string, index: number, parallel: number): Env => ({
  CI: "true",
  GITLAB_CI: "true",
  CI_PROJECT_PATH: "group/project",
  CI_JOB_NAME: `test ${index}/${parallel}`,
  CI_NODE_INDEX: String(index),
  CI_PIPELINE_ID: run,
  PUSHGATEWAY_URL: url,
});

test("GitLab CI: zeros first, totals at the end, one group per parallel job", async () => {
  const job = gitLabJob();
  const gateway = await gatewayOfTest();
  for (const { run, isFailing } of runs) {
    for (let index = 1; index <= job.parallel; index++) {
      const runner = startRunner(isFailing);
      const env = gitLabEnv(gateway.url, run, index, job.parallel);
      const slot = `test ${index}/${job.parallel}/${index}`;
      expect(await runner.script(job.before_script.join("\n"), env)).toBe(0);
      expectZeros(gateway, slot);
      // Both in one shell with the former; that of after_script is another one, whatever has failed.
      await gateway.behave(AWAY);
      const code = await runner.script(job.script.join("\n"), { ...env, ...WHILE_AWAY });
      expect(code).toBe(isFailing ? 1 : 0);
      expectZeros(gateway, slot);
      await gateway.behave("ok");
      expect(await runner.script(job.after_script.join("\n"), env)).toBe(0);
      expectTotals(gateway, slot);
    }
  }
  expect(gateway.groups().map(({ key }) => key)).toEqual(
    [1, 2].map((index) => ({
      job: "tta-persona",
      instance: "ci",
      pipeline: "group/project",
      slot: `test ${index}/2/${index}`,
    })),
  );
});

test.skipIf(!realServersAvailable())(
  "Prometheus counts every run of a job, each on an empty disk",
  async () => {
    const job = gitLabJob();
    const gateway = await startPushgateway();
    onTestFinished(gateway.close);
    const prometheus = await startPrometheus({ targets: [`127.0.0.1:${gateway.port}`] });
    onTestFinished(prometheus.close);
    const twoScrapes = async () => {
      for (let scrape = 0; scrape < 2; scrape++) await prometheus.nextScrape();
    };
    const times = 4;
    for (let run = 1; run <= times; run++) {
      const runner = startRunner(false);
      const env = gitLabEnv(gateway.url, String(run), 1, 1);
      await runner.script(job.before_script.join("\n"), env);
      await twoScrapes();
      await runner.script(job.script.join("\n"), env);
      await runner.script(job.after_script.join("\n"), env);
      await twoScrapes();
    }
    const counted = `round(increase(${SWITCHES}{pipeline="group/project", to_persona="testing-specialist", from_persona="none", chatmode="default"}[10m]))`;
    expect((await prometheus.query(counted)).map(({ value }) => value)).toEqual([times]);
  },
);
