import { describe, expect, test } from "vitest";
import { waitFor } from "../support/wait-for.ts";
import { startNpmRegistry } from "../workflows-built-in/support/npm-registry.ts";
import { npmProject, type SampleProject } from "../workflows-built-in/support/sample-project.ts";
import { deliverers } from "./delivery-home.ts";
import {
  copyWorkflow,
  countsOf,
  documentOf,
  RELEASE,
  releaseHome,
  stagesOf,
  traceLines,
} from "./release-home.ts";

const TRUSTED = { TTA_PERSONA_TRUST: "1" };

const BUMPED_TRACE = ["  stage.version_bump success", "    persona_switch backend-engineer", "    bash 0"];

/** Of a run that was stopped in its second stage, whose result these are. */
function countsOfStopped(result: string, more: Readonly<Record<string, number>>) {
  return {
    [`runs_total ${result}`]: 1,
    run_duration_seconds_count: 1,
    "stage_duration_seconds_count version_bump backend-engineer": 1,
    "stage_duration_seconds_count quality_validation testing-specialist": 1,
    "quality_gate_total version_bump passed": 1,
    "switches_total none backend-engineer": 1,
    "switches_total none testing-specialist": 1,
    "duration_seconds_count backend-engineer": 1,
    "duration_seconds_count testing-specialist": 1,
    ...more,
  };
}

/** Tests that write down their process and never end. */
function hangingTests(project: SampleProject): void {
  project.write(
    "report.mjs",
    'import { writeFileSync } from "node:fs";\nwriteFileSync("coverage.pid", String(process.pid));\nsetInterval(() => {}, 1000);\n',
  );
  project.write(".gitignore", "node_modules\ncoverage*\nbuilt.txt\n");
}

/** It never ends by itself, but whoever has become its parent may need a moment to bury it. */
function isGone(project: SampleProject) {
  return waitFor(() => !isRunning(project), { what: "the tests to be gone" });
}

function isRunning(project: SampleProject): boolean {
  try {
    const pid = Number(project.read("coverage.pid"));
    return pid > 1 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("a run of package-release tells one story by exit code, JSON, spans and metrics:", () => {
  test("its tests fail", async () => {
    const project = npmProject();
    project.write("lib.mjs", "export const greet = () => '';\n");
    project.commit("Break it");
    const { run, otlp, gateway } = await releaseHome(project);
    const result = await run([...RELEASE, "--json"]);
    expect(result, result.stdout + result.stderr).toMatchObject({ code: 1, stderr: "" });
    const document = documentOf(result);
    expect(document.result).toBe("failure");
    expect(stagesOf(document)).toEqual([
      "version_bump success 1",
      "quality_validation failure 1",
      "publish_deploy skip 0",
    ]);
    expect(document.stages[1]?.error).toEqual({ type: "1", message: "exit code 1" });
    expect(traceLines(otlp.spans())).toEqual([
      "workflow.package-release failure (stage quality_validation: exit code 1)",
      ...BUMPED_TRACE,
      "  stage.quality_validation failure (exit code 1)",
      "    persona_switch testing-specialist",
      "    bash 1 (exited with 1)",
    ]);
    const failed = otlp.spans().find(({ name }) => name === "stage.quality_validation");
    expect(failed?.events.at(-1)?.attributes["exception.stacktrace"]).toContain("The tests failed");
    expect(countsOf(gateway)).toEqual(
      countsOfStopped("failure", { "quality_gate_total quality_validation failed": 1 }),
    );
  });

  test("its coverage is too low", async () => {
    const project = npmProject();
    project.write("report.mjs", project.read("report.mjs").replace("91.5", "50"));
    project.commit("Test less");
    const { run, otlp, gateway } = await releaseHome(project);
    const result = await run([...RELEASE, "--json"]);
    expect(result, result.stdout + result.stderr).toMatchObject({ code: 1, stderr: "" });
    expect(documentOf(result)).toMatchObject({
      result: "failure",
      stages: [{}, { error: { type: "gate_failed", message: "gate coverage: 50 < 80" } }, { result: "skip" }],
    });
    expect(traceLines(otlp.spans())).toEqual([
      "workflow.package-release failure (stage quality_validation: gate coverage: 50 < 80)",
      ...BUMPED_TRACE,
      "  stage.quality_validation failure (gate coverage: 50 < 80)",
      "    persona_switch testing-specialist",
      "    bash 0",
    ]);
    const stage = otlp.spans().find(({ name }) => name === "stage.quality_validation");
    expect(
      stage?.events.map(({ name, attributes }) => [name, attributes["gate.name"], attributes["gate.result"]]),
    ).toEqual([
      ["quality_gate", "tests", "passed"],
      ["quality_gate", "coverage", "failed"],
      ["quality_gate", "installable", "passed"],
      ["exception", undefined, undefined],
    ]);
    expect(countsOf(gateway)).toEqual(
      countsOfStopped("failure", { "quality_gate_total quality_validation failed": 1 }),
    );
    expect(project.git("tag")).toBe("");
  });

  test("its tests hang, in a project's own copy with a short timeout, which has to be trusted", async () => {
    const project = npmProject();
    hangingTests(project);
    copyWorkflow(project, "package-release", [["timeout: 1h", "timeout: 1500ms"]]);
    project.commit("Hang");
    const { run, otlp, gateway } = await releaseHome(project);
    const refused = await run(RELEASE);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toMatch(
      /would replace the built-in workflow.*\n.*tta-persona trust .*package-release\.yaml/,
    );
    expect(otlp.spans()).toEqual([]);

    const result = await run([...RELEASE, "--json"], { env: TRUSTED });
    expect(result, result.stdout + result.stderr).toMatchObject({ code: 1, stderr: "" });
    const document = documentOf(result);
    expect(document.result).toBe("timeout");
    expect(stagesOf(document)[1]).toBe("quality_validation timeout 1");
    expect(traceLines(otlp.spans())).toEqual([
      "workflow.package-release timeout (stage quality_validation: not over after 1.5 s)",
      ...BUMPED_TRACE,
      "  stage.quality_validation timeout (not over after 1.5 s)",
      "    persona_switch testing-specialist",
      "    bash 143 (ended by SIGTERM)",
    ]);
    expect(
      otlp.spans().find(({ name, attributes }) => name === "bash" && attributes["error.type"]),
    ).toMatchObject({
      attributes: { "error.type": "timeout" },
    });
    expect(countsOf(gateway)).toEqual(
      countsOfStopped("timeout", { "quality_gate_total quality_validation failed": 1 }),
    );
    await isGone(project);
  });

  test("it is stopped while its tests run", async () => {
    const project = npmProject();
    hangingTests(project);
    project.commit("Hang");
    const { run, spawn, otlp, gateway, sandbox } = await releaseHome(project);
    const running = spawn([...RELEASE, "--json"]);
    await waitFor(() => isRunning(project), { what: "the tests to run" });
    running.child.kill("SIGTERM");
    const result = await running.result;
    expect(result, result.stdout + result.stderr).toMatchObject({ code: 143, signal: null, stderr: "" });
    const document = documentOf(result);
    expect(document.result).toBe("cancellation");
    expect(stagesOf(document)).toEqual([
      "version_bump success 1",
      "quality_validation cancellation 1",
      "publish_deploy skip 0",
    ]);
    expect(traceLines(otlp.spans())).toEqual([
      "workflow.package-release cancellation (stage quality_validation: cancelled)",
      ...BUMPED_TRACE,
      "  stage.quality_validation cancellation (cancelled)",
      "    persona_switch testing-specialist",
      "    bash 143 (ended by SIGTERM)",
    ]);
    expect(countsOf(gateway)).toEqual(countsOfStopped("cancellation", {}));
    const { stdout: log } = await run(["runs", "logs", document.runId, "quality_validation"]);
    expect(log).toMatch(
      /^Stopped by SIGTERM\.\nSo far: .*\nTo go on: tta-persona run .*\nTo undo: {2}git checkout/m,
    );
    expect(log).not.toContain("The tests failed");
    await isGone(project);
    expect(deliverers(sandbox)).toEqual([]);
    await waitFor(() => sandbox.processes().length === 0, { what: "all to be gone" });
  });

  test("a stage is skipped, since its condition does not hold", async () => {
    const project = npmProject();
    copyWorkflow(project, "package-release", [
      [
        "persona: devops-engineer\n",
        "persona: devops-engineer\n    when: [{ parameter: publish, equals: 'true' }]\n",
      ],
    ]);
    project.commit("Tag only what is published");
    const { run, otlp, gateway } = await releaseHome(project, TRUSTED);
    const result = await run([...RELEASE, "--json"]);
    expect(result, result.stdout + result.stderr).toMatchObject({ code: 0, stderr: "" });
    const document = documentOf(result);
    expect(document.result).toBe("success");
    expect(stagesOf(document)[2]).toBe("publish_deploy skip 0");
    expect(traceLines(otlp.spans())).toEqual([
      "workflow.package-release success",
      ...BUMPED_TRACE,
      "  stage.quality_validation success",
      "    persona_switch testing-specialist",
      "    bash 0",
    ]);
    expect(countsOf(gateway)).toEqual(
      countsOfStopped("success", { "quality_gate_total quality_validation passed": 1 }),
    );
    expect(project.git("tag")).toBe("");
  });

  test("the registry is overloaded at first", async () => {
    const project = npmProject();
    const registry = await startNpmRegistry();
    registry.refuse(1, 503);
    const { run, otlp, gateway } = await releaseHome(project, registry.env);
    const result = await run([...RELEASE, "--publish", "--json"]);
    expect(result, result.stdout + result.stderr).toMatchObject({ code: 0, stderr: "" });
    const document = documentOf(result);
    expect(document.result).toBe("success");
    expect(stagesOf(document)[2]).toBe("publish_deploy success 2");
    expect(registry.versions("@sample/greeter")).toEqual(["0.3.0"]);
    expect(traceLines(otlp.spans()).slice(7)).toEqual([
      "  stage.publish_deploy success",
      "    persona_switch devops-engineer",
      "    bash 75 (exited with 75)",
      "    bash 0",
    ]);
    expect(countsOf(gateway)).toMatchObject({
      "runs_total success": 1,
      "stage_retries_total publish_deploy": 1,
      "quality_gate_total publish_deploy passed": 1,
    });
    expect(Object.keys(countsOf(gateway)).filter((key) => /failed|failure/.test(key))).toEqual([]);
    expect(
      JSON.stringify(otlp.spans(), (_, value) => (typeof value === "bigint" ? `${value}` : value)),
    ).not.toContain("a-token-of-the-test");
  });
});
