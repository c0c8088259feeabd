import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { buildingPython } from "../support/building-python.ts";
import { realServersAvailable, startPrometheus, startPushgateway } from "../support/real-servers.ts";
import { waitFor } from "../support/wait-for.ts";
import { npmProject, pythonProject } from "../workflows-built-in/support/sample-project.ts";
import { countsOf, documentOf, RELEASE, releaseHome, stagesOf, traceLines } from "./release-home.ts";

const TRACE = [
  "workflow.package-release success",
  "  stage.version_bump success",
  "    persona_switch backend-engineer",
  "    bash 0",
  "  stage.quality_validation success",
  "    persona_switch testing-specialist",
  "    bash 0",
  "  stage.publish_deploy success",
  "    persona_switch devops-engineer",
  "    bash 0",
];

const COUNTS = {
  "runs_total success": 1,
  run_duration_seconds_count: 1,
  "stage_duration_seconds_count version_bump backend-engineer": 1,
  "stage_duration_seconds_count quality_validation testing-specialist": 1,
  "stage_duration_seconds_count publish_deploy devops-engineer": 1,
  "quality_gate_total version_bump passed": 1,
  "quality_gate_total quality_validation passed": 1,
  "quality_gate_total publish_deploy passed": 1,
  "switches_total none backend-engineer": 1,
  "switches_total none testing-specialist": 1,
  "switches_total none devops-engineer": 1,
  "duration_seconds_count backend-engineer": 1,
  "duration_seconds_count testing-specialist": 1,
  "duration_seconds_count devops-engineer": 1,
};

describe.skipIf(!realServersAvailable())("with the real Pushgateway and the real Prometheus", () => {
  const SCRAPE_SECONDS = 0.25;

  test("a first release shows zeros before its first values", async () => {
    const pushgateway = await startPushgateway();
    onTestFinished(() => pushgateway.close());
    const prometheus = await startPrometheus({
      targets: [`127.0.0.1:${pushgateway.port}`],
      scrapeInterval: "250ms",
    });
    onTestFinished(() => prometheus.close());
    await prometheus.nextScrape();
    const since = Date.now() / 1000;
    const { run } = await releaseHome(npmProject(), {}, { url: pushgateway.url, scrapeInterval: "250ms" });
    const result = await run(RELEASE);
    expect(result, result.stdout + result.stderr).toMatchObject({ code: 0, stderr: "" });
    const runs = async () =>
      (await prometheus.query('hypertool_workflow_runs_total{result="success"}')).at(0)?.value;
    await waitFor(async () => (await runs()) === 1, { what: "the run in Prometheus" });

    const range = {
      startSeconds: since,
      endSeconds: Date.now() / 1000 + SCRAPE_SECONDS,
      stepSeconds: SCRAPE_SECONDS,
    };
    // The first stage may be over before anything could be pushed.
    const later = 'stage=~"quality_validation|publish_deploy"';
    for (const [metric, series] of [
      ['hypertool_workflow_runs_total{workflow="package-release",result="success"}', 1],
      [`hypertool_workflow_quality_gate_total{${later},result="passed"}`, 2],
      [`hypertool_workflow_stage_duration_seconds_count{${later}}`, 2],
      ['hypertool_persona_switches_total{chatmode="package-release",to_persona="devops-engineer"}', 1],
    ] as const) {
      const found = await prometheus.queryRange(metric, range);
      const ends = found.map(({ values }) => [values.at(0)?.value, values.at(-1)?.value]);
      expect(ends, metric).toEqual(Array.from({ length: series }, () => [0, 1]));
      // It extrapolates to the borders of its range, but not from nothing.
      const [increase] = await prometheus.query(`min(increase(${metric}[1m]))`);
      expect(increase?.value, metric).toBeGreaterThan(0);
    }
    const failed = await prometheus.query('sum(hypertool_workflow_quality_gate_total{result="failed"})');
    expect(failed.map(({ value }) => value)).toEqual([0]);
  });
});

describe("tta-persona run package-release", () => {
  test("releases an npm package", async () => {
    const project = npmProject();
    const { run, otlp, gateway, sandbox } = await releaseHome(project);
    const result = await run([...RELEASE, "--json"]);
    expect(result, result.stdout + result.stderr).toMatchObject({ code: 0, stderr: "" });
    const document = documentOf(result);
    expect(document.result).toBe("success");
    expect(stagesOf(document)).toEqual([
      "version_bump success 1",
      "quality_validation success 1",
      "publish_deploy success 1",
    ]);

    expect(JSON.parse(project.read("package.json")).version).toBe("0.3.0");
    expect(JSON.parse(project.read("package-lock.json")).packages[""].version).toBe("0.3.0");
    expect(project.read("CHANGELOG.md")).toMatch(
      /^## \[0\.3\.0\].*\n\n- Mend the greeting\n- Greet by name$/m,
    );
    expect(project.git("log", "--format=%s %an", "v0.3.0", "-1")).toBe("Release v0.3.0 Ada Example");
    expect(project.changes()).toEqual([]);
    const tarball = join(project.directory, ".git/tta-persona/release/v0.3.0/dist/sample-greeter-0.3.0.tgz");
    const packed = execFileSync("tar", ["-xzOf", tarball, "package/package.json"], { encoding: "utf8" });
    expect(JSON.parse(packed).version).toBe("0.3.0");

    expect(traceLines(otlp.spans())).toEqual(TRACE);
    expect(new Set(otlp.spans().map(({ traceId }) => traceId))).toEqual(new Set([document.traceId]));
    expect(countsOf(gateway)).toEqual(COUNTS);
    expect(gateway.decreases()).toEqual([]);
    expect(sandbox.processes()).toEqual([]);
  });

  test.skipIf(!buildingPython.isThere)("releases a Python package, for a person", async () => {
    const project = pythonProject();
    const { run, otlp, gateway } = await releaseHome(project);
    const result = await run([...RELEASE, "--changelog", "- Greets `$(id)` by *name*"]);
    expect(result, result.stdout + result.stderr).toMatchObject({ code: 0, stderr: "" });
    expect(result.stdout.replaceAll(/\d+\.\ds/g, "0.0s").replace(/run .*/, "run …")).toBe(
      [
        "✓ version_bump        backend-engineer    0.0s",
        "✓ quality_validation  testing-specialist  0.0s",
        "✓ publish_deploy      devops-engineer     0.0s",
        "✓ package-release done in 0.0s  run …",
        "",
      ].join("\n"),
    );
    expect(project.read("pyproject.toml")).toContain("version = '0.3.0'  # kept by the release");
    expect(project.read("CHANGELOG.md")).toMatch(/^## \[0\.3\.0\].*\n\n- Greets `\$\(id\)` by \*name\*$/m);
    expect(project.git("log", "--format=%s", "v0.3.0", "-1")).toBe("Release v0.3.0");
    expect(project.changes()).toEqual([]);
    const wheel = ".git/tta-persona/release/v0.3.0/dist/sample_greeter-0.3.0-py3-none-any.whl";
    expect(project.has(wheel)).toBe(true);
    expect(traceLines(otlp.spans())).toEqual(TRACE);
    expect(countsOf(gateway)).toEqual(COUNTS);
  });
});
