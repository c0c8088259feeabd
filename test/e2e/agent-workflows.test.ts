import { createServer } from "node:http";
import { describe, expect, onTestFinished, test } from "vitest";
import { listenOn } from "../support/listener.ts";
import { realServersAvailable, startPrometheus } from "../support/real-servers.ts";
import { waitFor } from "../support/wait-for.ts";
import { npmProject } from "../workflows-built-in/support/sample-project.ts";
import { fakeAgent, type Replies } from "./agent-home.ts";
import { copyWorkflow, documentOf, releaseHome, stagesOf, traceLines } from "./release-home.ts";

/** Text that a shell or an agent's command line would make something of. */
const TEXT = "It breaks on $(id) `id` 'quotes' --help\nand a second line";

async function prepare(replies: Replies) {
  const project = npmProject();
  const agent = fakeAgent(project.root, replies);
  return { project, agent, home: await releaseHome(project, { TTA_PERSONA_AGENT: agent.command }) };
}

describe("a workflow that an agent leads", () => {
  test("feature-development: the API's contract reaches the frontend", async () => {
    const { agent, home } = await prepare({
      backend: { contract: "docs/contracts/greet.md" },
      frontend: { summary: "the page" },
    });
    const result = await home.run(["run", "feature-development", "--feature", TEXT, "--json"]);
    expect(result, result.stdout + result.stderr).toMatchObject({ code: 0, stderr: "" });
    expect(stagesOf(documentOf(result))).toEqual([
      "backend success 1",
      "frontend success 1",
      "testing success 1",
    ]);
    const [backend, frontend, ...others] = agent.calls();
    expect(others).toEqual([]);
    expect(backend?.argv).toHaveLength(2);
    expect(backend?.argv[1]).toMatch(/^You work as: .*Backend.*\n/i);
    expect(backend?.argv[1]).toContain("printenv TTA_PARAM_FEATURE");
    expect(frontend?.argv[1]).toMatch(/^You work as: .*Frontend.*\n/i);
    expect(backend?.env).toMatchObject({ TTA_PARAM_FEATURE: TEXT, TTA_PERSONA: "backend-engineer" });
    expect(frontend?.env).toMatchObject({
      TTA_PARAM_FEATURE: TEXT,
      TTA_OUTPUT_BACKEND_CONTRACT: "docs/contracts/greet.md",
      TTA_PERSONA: "frontend-engineer",
    });
    for (const { argv } of agent.calls()) expect(argv.join("\n")).not.toContain("It breaks on");
    const stages = home.otlp.spans().filter(({ name }) => name.startsWith("node"));
    expect(stages.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`)).toEqual(
      agent.calls().map(({ env }) => env.TRACEPARENT),
    );
  });

  test("bug-fix: the root cause reaches the fix, and a regression test has to be there", async () => {
    const cause = "src/cart.js:42 rounds too early\nsince March";
    const { agent, home } = await prepare({
      root_cause: { root_cause: cause, reproduction: "node --test" },
      fix: { summary: "rounded once" },
    });
    const args = ["run", "bug-fix", "--issue", TEXT, "--json"];
    const result = await home.run(args);
    expect(result, result.stdout + result.stderr).toMatchObject({ code: 0, stderr: "" });
    const fix = agent.calls()[1];
    expect(fix?.env).toMatchObject({
      TTA_PARAM_ISSUE: TEXT,
      TTA_OUTPUT_ROOT_CAUSE_ROOT_CAUSE: cause,
      TTA_OUTPUT_ROOT_CAUSE_REPRODUCTION: "node --test",
    });
    expect(JSON.stringify(agent.calls().map(({ argv }) => argv))).not.toContain("It breaks on");
    expect(traceLines(home.otlp.spans())).toEqual([
      "workflow.bug-fix success",
      "  stage.root_cause success",
      "    persona_switch observability-expert",
      "    node 0",
      "  stage.fix success",
      "    persona_switch backend-engineer",
      "    node 0",
      "  stage.testing success",
      "    persona_switch testing-specialist",
      "    bash 0",
    ]);
  });

  test("bug-fix: without a regression test it fails", async () => {
    const { project, home } = await prepare({ root_cause: { root_cause: "unknown" }, fix: {} });
    project.write(".gitignore", `${project.read(".gitignore")}test/greet.test.mjs\n`);
    project.git("rm", "--quiet", "--cached", "test/greet.test.mjs");
    project.commit("Forget the tests");
    const result = await home.run(["run", "bug-fix", "--issue", "42"]);
    expect(result, result.stdout).toMatchObject({ code: 1, stderr: "" });
    expect(result.stdout).toContain("No test was added or changed since");
    expect(result.stdout).toMatch(/^✗ testing .* failed: gate regression_test: /m);
  });

  test("an agent that gives up fails the stage, unless a person does the work", async () => {
    const { home } = await prepare({});
    const args = ["run", "feature-development", "--feature", "a page"];
    const failed = await home.run(args);
    expect(failed, failed.stdout).toMatchObject({ code: 1, stderr: "" });
    expect(failed.stdout).toContain("I cannot do this.");
    expect(failed.stdout).toContain("backend: failed (exit code 3); its fallback is tried");
    expect(failed.stdout).toMatch(
      /^✗ backend .* not confirmed: .*nobody is there to ask, and --yes was not given/m,
    );
    const confirmed = await home.run([...args, "--yes"]);
    expect(confirmed, confirmed.stdout).toMatchObject({ code: 0, stderr: "" });
  });

  test("without an agent, a person on a terminal is asked item by item", async () => {
    const { sandbox } = await releaseHome(npmProject());
    const { stdout, code } = await sandbox.runTty(["run", "bug-fix", "--issue", "42"], {
      env: { TTA_PERSONA_DELIVERY: "off" },
      stdin: "y\nmaybe\nyes\nn\n",
    });
    expect(code, stdout).toBe(1);
    expect(stdout.match(/Done\? \[y\/n\]/g)).toHaveLength(4);
    expect(stdout).toMatch(/failed: not confirmed: It was looked for other places with the same mistake/);
  });

  test.each([
    ["feature-development", "--feature"],
    ["bug-fix", "--issue"],
    ["incident-response", "--alert"],
  ])("%s without an agent says how to set one up", async (workflow, flag) => {
    const home = await releaseHome(npmProject());
    const result = await home.run(["run", workflow, flag, "a text"]);
    expect(result, result.stdout).toMatchObject({ code: 1, stderr: "" });
    expect(result.stdout).toContain('tta-persona config set agent.command "claude -p"');
    expect(result.stdout).toMatch(
      /^✗ \w+ .* not confirmed: .*nobody is there to ask, and --yes was not given/m,
    );
  });
});

describe.skipIf(!realServersAvailable())("incident-response with the real Prometheus", () => {
  test("fails while the service does, and goes on once it has recovered", async () => {
    const service = await startService();
    const prometheus = await startPrometheus({ targets: [service.target] });
    onTestFinished(() => prometheus.close());
    const project = npmProject();
    copyWorkflow(project, "incident-response", [
      [/for: 1m/g, "for: 1s"],
      [/deadline: 15m/g, "deadline: 10s"],
      [/interval: 5s/g, "interval: 250ms"],
      [/\[2m\]/g, "[10s]"],
    ]);
    project.commit("Watch more closely");
    const triage = { severity: "major", impact: "all", diagnosis: "the last rollout" };
    const agent = fakeAgent(project.root, {
      triage,
      fix: { change: "reverted", rollout: "deploy", rollback: "revert" },
    });
    const home = await releaseHome(project, { TTA_PERSONA_AGENT: agent.command, TTA_PERSONA_TRUST: "1" });
    const errors = async () =>
      (await prometheus.query('sum(rate(http_requests_total{status="503"}[10s]))')).at(0)?.value;
    await waitFor(async () => ((await errors()) ?? 0) > 0, { what: "errors to show" });

    const args = ["run", "incident-response", "--yes", "--json"];
    const failed = await home.run([...args, "--alert", "HighErrorRate", "--prometheus", prometheus.url]);
    expect(failed, failed.stdout + failed.stderr).toMatchObject({ code: 1, stderr: "" });
    expect(stagesOf(documentOf(failed))).toEqual(["triage success 1", "fix success 1", "rollout failure 1"]);
    expect(documentOf(failed).stages[2]?.error?.message).toMatch(
      /^gate error_rate: 0\.\d+ > 0\.001 within 10 s$/,
    );
    expect(agent.calls()[1]?.env).toMatchObject({
      TTA_OUTPUT_TRIAGE_SEVERITY: "major",
      TTA_OUTPUT_TRIAGE_DIAGNOSIS: triage.diagnosis,
    });

    service.recover();
    await waitFor(async () => (await errors()) === 0, { what: "errors to end" });
    const resumed = await home.run([...args, "--resume"]);
    expect(resumed, resumed.stdout + resumed.stderr).toMatchObject({ code: 0, stderr: "" });
    expect(documentOf(resumed).stages.map(({ reused }) => reused)).toEqual([true, true, false]);
    expect(agent.calls()).toHaveLength(2);
  });
});

/** A service whose answers are half errors until it recovers; 100 requests between two scrapes. */
async function startService() {
  const counts = { ok: 0, errors: 0 };
  let isDown = true;
  const server = createServer((_, response) => {
    counts.ok += isDown ? 50 : 100;
    counts.errors += isDown ? 50 : 0;
    const all = counts.ok + counts.errors;
    response
      .writeHead(200, { "content-type": "text/plain; version=0.0.4" })
      .end(
        [
          `http_requests_total{status="200"} ${counts.ok}`,
          `http_requests_total{status="503"} ${counts.errors}`,
          `http_request_duration_seconds_bucket{le="0.5"} ${all}`,
          `http_request_duration_seconds_bucket{le="+Inf"} ${all}`,
          "go_sql_in_use_connections 3",
          "go_sql_max_open_connections 10",
          "",
        ].join("\n"),
      );
  });
  const listener = await listenOn(server);
  onTestFinished(() => listener.shut());
  return {
    target: `127.0.0.1:${listener.port}`,
    recover() {
      isDown = false;
    },
  };
}
