import { describe, expect, onTestFinished, test } from "vitest";
import { npmProject } from "./support/sample-project.ts";
import { runScript, scriptOf } from "./support/stage.ts";

const NAMES = ["backend", "frontend", "e2e", "accessibility", "integration"] as const;

describe("the gates of feature-development", () => {
  const check = (project: ReturnType<typeof npmProject>, name: string) =>
    runScript(project, scriptOf("feature-development", "testing", name), { feature: "x" });

  test.each(NAMES)("%s passes, and says so, where the project has no such check", async (name) => {
    const { code, stdout } = await check(npmProject(), name);
    expect(code).toBe(0);
    expect(stdout).toContain(`not checked: the project has no npm script test:${name}`);
  });

  test.each(NAMES)("%s is the npm script of that name", async (name) => {
    const project = npmProject();
    const scripts = { [`test:${name}`]: "exit 3" };
    project.write("package.json", JSON.stringify({ name: "x", version: "0.1.0", scripts }));
    const failed = await check(project, name);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain(`The check ${name} failed`);
    project.write("package.json", JSON.stringify({ name: "x", scripts: { [`test:${name}`]: "exit 0" } }));
    expect((await check(project, name)).code).toBe(0);
  });

  test("integration is the make target of that name", async () => {
    const project = npmProject();
    project.write("Makefile", "integration := no rule\ntest-integration: lib.mjs\n\t@echo made\n\t@exit 4\n");
    const { code, stdout } = await check(project, "integration");
    expect(code).toBe(1);
    expect(stdout).toContain("made");
  });

  test("frontend is not the script that serves it", async () => {
    const project = npmProject();
    project.write(
      "package.json",
      JSON.stringify({ name: "x", scripts: { frontend: "exit 3", e2e: "exit 3" } }),
    );
    expect((await check(project, "frontend")).code).toBe(0);
    expect((await check(project, "e2e")).code).toBe(1);
  });

  test("the stage itself runs the project's tests", async () => {
    const project = npmProject();
    const script = scriptOf("feature-development", "testing");
    expect(await runScript(project, script, { feature: "x" })).toMatchObject({
      code: 0,
      outputs: { tests: "passed", coverage: "91.5" },
    });
    project.write("test/broken.test.mjs", 'throw new Error("broken");\n');
    expect((await runScript(project, script, { feature: "x" })).code).toBe(1);
  });

  // Both hold the pipes of the tests open; the second one never stops writing.
  test.each(["sleep 600", "while :; do echo noise || exit; done"])(
    "the tests are over when they are, and leave behind: %s",
    async (server) => {
      const project = npmProject();
      const scripts = { test: `${server} & echo $! > server.pid; echo tests ok; exit $(cat code)` };
      project.write("package.json", JSON.stringify({ name: "x", version: "0.1.0", scripts }));
      onTestFinished(() => endProcess(Number(project.read("server.pid"))));
      const script = scriptOf("feature-development", "testing");
      project.write("code", "0");
      const { code, stdout, outputs } = await runScript(project, script, { feature: "x" });
      expect({ code, outputs }).toEqual({ code: 0, outputs: { tests: "passed" } });
      expect(stdout).toContain("tests ok");
      endProcess(Number(project.read("server.pid")));
      project.write("code", "3");
      expect((await runScript(project, script, { feature: "x" })).code).toBe(1);
    },
  );
});

function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

describe("the gate regression_test of bug-fix", () => {
  const check = (project: ReturnType<typeof npmProject>) =>
    runScript(project, scriptOf("bug-fix", "testing", "regression_test"), { issue: "x" });

  test("wants a test", async () => {
    const project = npmProject();
    project.write("lib.mjs", "export const greet = String;\n");
    project.write("latest.mjs", "\n");
    const { code, stderr } = await check(project);
    expect(code).toBe(1);
    expect(stderr).toContain("No test was added or changed");
  });

  test.each(["test/new.mjs", "test_new.py", "pkg/new_test.go", "src/new.spec.ts", "src/NewTest.java"])(
    "takes %s for one",
    async (path) => {
      const project = npmProject();
      project.write(path, "\n");
      const { code, stdout } = await check(project);
      expect(code).toBe(0);
      expect(stdout).toContain(path);
    },
  );

  test("sees what is committed on a branch, and not what was deleted", async () => {
    const project = npmProject();
    project.git("switch", "--quiet", "--create", "fix");
    project.remove("test/greet.test.mjs");
    project.commit("Delete a test");
    expect((await check(project)).code).toBe(1);
    project.write("test/new.test.mjs", "\n");
    project.commit("Add a test");
    expect((await check(project)).code).toBe(0);
  });
});
