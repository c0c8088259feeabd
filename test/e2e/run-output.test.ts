import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "vitest";
import { createSandbox, type Sandbox } from "../support/run-binary.ts";
import { waitFor } from "../support/wait-for.ts";
import {
  defineWorkflow,
  documentOf,
  isThere,
  linesOf,
  OFF,
  scripted,
  showRun,
  touch,
} from "./workflow-project.ts";

const CI = { ...OFF, CI: "true" };

const GOOD = scripted("good", "echo said-by-good; echo also-by-good >&2");
const BAD = scripted("bad", "echo said-by-bad; echo 'why: 100% bad' >&2; exit 3");

function begin(context: TestContext, stages: readonly Readonly<Record<string, unknown>>[]): Sandbox {
  const sandbox = createSandbox();
  context.onTestFinished(() => sandbox.dispose());
  defineWorkflow(sandbox, { name: "demo", stages });
  return sandbox;
}

/** Escape sequences made readable, colours left out. */
const readable = (bytes: string) => bytes.replaceAll("\u001b", "␛").replaceAll(/␛\[\d*m/g, "");

/** The rows that are left on the screen when some were drawn over others. */
function screenOf(bytes: string): string[] {
  const rows: string[] = [];
  for (const [, up, text = ""] of readable(bytes).matchAll(/(?:␛\[(\d+)F␛\[J)|([^␛]+)/g)) {
    if (up !== undefined) rows.splice(-1 - Number(up), Number(up));
    const [first = "", ...more] = text.replaceAll("\r", "").split("\n");
    rows.push(`${rows.pop() ?? ""}${first}`, ...more);
  }
  return rows.filter((row) => row !== "");
}

describe("in CI", () => {
  test("a run that succeeds is told in one line per stage", async (context) => {
    const { expect } = context;
    const sandbox = begin(context, [GOOD, scripted("next", "true", { persona: "testing-specialist" })]);
    const { code, stdout, stderr } = await sandbox.run(["run", "demo"], { env: CI });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.replaceAll(/\d+\.\ds/g, "0.0s")).toMatch(
      /^✓ good {2}backend-engineer {4}0\.0s\n✓ next {2}testing-specialist {2}0\.0s\n✓ demo done in 0\.0s {2}run \S+\n$/,
    );
  });

  test("what the stage that failed has printed comes last, before the summary", async (context) => {
    const { expect } = context;
    const sandbox = begin(context, [GOOD, BAD, scripted("never", "true")]);
    const { code, stdout } = await sandbox.run(["run", "demo"], { env: CI });
    expect(code).toBe(1);
    expect(stdout).not.toContain("by-good");
    expect(stdout).not.toContain("\u001b");
    const lines = stdout.split("\n").filter((line) => line !== "");
    const at = (start: string) => lines.findIndex((line) => line.startsWith(start));
    expect(lines.slice(at("--- bad ---"), at("✗ demo"))).toEqual([
      "--- bad ---",
      "said-by-bad",
      "why: 100% bad",
    ]);
    expect(at("- never  backend-engineer  not run")).toBeLessThan(at("--- bad ---"));
    expect(lines.slice(at("✗ demo")).map((line) => line.trim().split(/ {2}/)[0])).toEqual([
      expect.stringMatching(/^✗ demo failed after /),
      "tta-persona run demo --resume",
      expect.stringMatching(/^tta-persona runs show /),
    ]);
  });

  test("GitHub gets an annotation and a summary", async (context) => {
    const { expect } = context;
    const sandbox = begin(context, [GOOD, BAD]);
    const summary = join(sandbox.project, "summary.md");
    const env = { ...CI, GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary };
    const { stdout } = await sandbox.run(["run", "demo"], { env });
    expect(stdout).toContain("\n::error title=demo%3A bad::exit code 3\n");
    const written = readFileSync(summary, "utf8").replaceAll(/\d+\.\ds/g, "0.0s");
    expect(written.split("\n").slice(0, 6)).toEqual([
      "### demo: failure",
      "",
      "| stage | persona | result | duration |  |",
      "| --- | --- | --- | ---: | --- |",
      "| good | backend-engineer | success | 0.0s |  |",
      "| bad | backend-engineer | failure | 0.0s | exit code 3 |",
    ]);
    // With --json there is nothing but the document; the summary is the job's.
    expect(documentOf(await sandbox.run(["run", "demo", "--json"], { env })).result).toBe("failure");
    const nowhere = { ...env, GITHUB_STEP_SUMMARY: join(sandbox.project, "no", "such", "directory") };
    expect(await sandbox.run(["run", "demo"], { env: nowhere })).toMatchObject({ code: 1, stderr: "" });
  });

  test("a manual stage fails, unless every answer was given before", async (context) => {
    const { expect } = context;
    const manual = { id: "asked", persona: "backend-engineer", manual: { checklist: ["looked", "smelled"] } };
    const sandbox = begin(context, [manual, scripted("next", "echo next >> effects")]);
    const refused = await sandbox.run(["run", "demo", "--json"], { env: CI });
    expect(refused.code).toBe(1);
    expect(documentOf(refused).stages[0]).toMatchObject({
      result: "failure",
      error: {
        type: "not_confirmed",
        message: "not confirmed: looked; nobody is there to ask, and --yes was not given",
      },
    });
    expect(linesOf(sandbox, "effects")).toEqual([]);
    expect(await sandbox.run(["run", "demo", "--yes"], { env: CI })).toMatchObject({ code: 0, stderr: "" });
    expect(linesOf(sandbox, "effects")).toEqual(["next"]);
  });
});

test("--json is one document, whatever the stages print, and --quiet is quiet", async (context) => {
  const { expect } = context;
  const loud = scripted(
    "loud",
    "echo '{\"schema\":\"mine\"}'; printf 'no end of line'; printf '\\000\\377' >&2",
  );
  const sandbox = begin(context, [loud]);
  const json = await sandbox.run(["run", "demo", "--json"], { env: OFF });
  expect(json).toMatchObject({ code: 0, stderr: "" });
  expect(json.stdout.split("\n")).toHaveLength(2);
  expect(documentOf(json)).toMatchObject({ schema: "tta-persona/run/1", result: "success" });
  expect(await sandbox.run(["run", "demo", "--quiet"], { env: OFF })).toMatchObject({
    code: 0,
    stdout: "",
    stderr: "",
  });
  defineWorkflow(sandbox, { name: "demo", stages: [GOOD, BAD] });
  const failed = await sandbox.run(["run", "demo", "--quiet"], { env: OFF });
  expect(failed.code).toBe(1);
  expect(failed.stdout.trimStart()).toMatch(/^--- bad ---\nsaid-by-bad\nwhy: 100% bad\n\n✗ demo failed/);
});

test("runs show tells of a run that is going on", async (context) => {
  const { expect } = context;
  const wait = ": > begun; until [ -e go ]; do sleep 0.02; done; exit 1";
  const slow = scripted("slow", "if [ -e tried ]; then exit 0; fi; : > tried; exit 9", {
    retry: { attempts: 2, delay: "1ms" },
    gates: [{ name: "quick", run: "true" }],
  });
  const sandbox = begin(context, [slow, scripted("held", wait), scripted("later", "true")]);
  const running = sandbox.spawn(["run", "demo"], { env: OFF });
  await waitFor(() => isThere(sandbox, "begun"), { what: "the second stage" });
  // Its process is written down once it runs.
  const shown = await waitFor(
    async () => {
      const run = await showRun(sandbox);
      return run.stages[1]?.attempts.length === 1 ? run : undefined;
    },
    { what: "the second stage's process" },
  );
  expect(shown).toMatchObject({
    state: "running",
    durationSeconds: null,
    stages: [
      {
        id: "slow",
        state: "success",
        attempts: [{ exitCode: 9 }, { exitCode: 0 }],
        gates: [{ gate: "quick", result: "passed" }],
      },
      {
        id: "held",
        state: "running",
        durationSeconds: null,
        attempts: [{ exitCode: null, executable: "bash" }],
      },
      { id: "later", state: "waiting", startedAt: null },
    ],
  });
  const { stdout } = await sandbox.run(["runs", "show"], { env: OFF });
  expect(stdout).toMatch(/^demo running \(/);
  expect(stdout).toMatch(
    /\n {2}attempt 1 .*bash exit code 9\n {2}attempt 2 .*bash exit code 0\n {2}gate quick .*passed/,
  );
  expect(stdout).toMatch(/\nheld .*█+ +running /);
  touch(sandbox, "go");
  expect((await running.result).code).toBe(1);
  expect((await showRun(sandbox)).state).toBe("failure");
});

describe("on a terminal", () => {
  test("what runs is shown while it runs, and lines of what is done stay", async (context) => {
    const { expect } = context;
    const until = (name: string) => `until [ -e ${name} ]; do sleep 0.02; done`;
    const steps = `echo first-line; ${until("seen-first")}; echo last-line; ${until("seen-last")}`;
    const sandbox = begin(context, [scripted("slow", steps), BAD]);
    const terminal = sandbox.spawnTty(["run", "demo"], { env: OFF });
    for (const line of ["first", "last"]) {
      const shown = new RegExp(`… slow .*${line}-line`);
      await waitFor(() => shown.test(readable(terminal.stdout())), { what: `the ${line} line` });
      touch(sandbox, `seen-${line}`);
    }
    const { code, stdout } = await terminal.result;
    expect(code).toBe(1);
    expect(stdout).toMatch(/… slow .*first-line[\s\S]*… slow .*last-line[\s\S]*✓/);
    const screen = screenOf(stdout);
    expect(screen.filter((row) => row.includes("…"))).toEqual([]);
    expect(screen.map((row) => row.replaceAll(/\d+\.\ds/g, "0.0s")).slice(0, 5)).toEqual([
      "✓ slow  backend-engineer  0.0s",
      "✗ bad   backend-engineer  0.0s  failed: exit code 3",
      "--- bad ---",
      "said-by-bad",
      "why: 100% bad",
    ]);
  });

  test("in CI, and on a dumb one, nothing is drawn", async (context) => {
    const { expect } = context;
    const sandbox = begin(context, [GOOD]);
    for (const env of [CI, { ...OFF, TERM: "dumb" }]) {
      const { code, stdout } = await sandbox.runTty(["run", "demo"], { env });
      expect(code).toBe(0);
      expect(stdout).not.toContain("…");
    }
  });

  const asked = { id: "asked", persona: "backend-engineer", manual: { checklist: ["looked", "smelled"] } };

  /** Types each answer once its question is there. */
  async function answering(sandbox: Sandbox, answers: readonly string[]) {
    const terminal = sandbox.spawnTty(["run", "demo"], { env: OFF, stdin: { open: true } });
    for (const [index, answer] of answers.entries()) {
      const questions = () => terminal.stdout().split("Done? [y/n]").length - 1;
      await waitFor(() => questions() > index, { what: `question ${index + 1}` });
      terminal.child.stdin.write(`${answer}\n`);
    }
    const result = await terminal.result;
    return { ...result, screen: screenOf(result.stdout) };
  }

  test.for<[readonly string[], number, string]>([
    [["y", "y"], 0, "success"],
    [["YES", "maybe", "yes"], 0, "success"],
    [["n"], 1, "not confirmed: looked"],
    [["y", "no"], 1, "not confirmed: smelled"],
  ])("a person is asked item by item: %j", async ([answers, code, outcome], context) => {
    const { expect } = context;
    const sandbox = begin(context, [asked, scripted("next", "echo next >> effects")]);
    const result = await answering(sandbox, answers);
    expect(result.code).toBe(code);
    const run = await showRun(sandbox);
    expect(run.stages[0]?.error?.message ?? run.stages[0]?.state).toBe(outcome);
    expect(linesOf(sandbox, "effects")).toEqual(code === 0 ? ["next"] : []);
    expect(result.screen[0]).toBe("asked (backend-engineer): looked");
  });

  test("Ctrl-C at a question ends the run", async (context) => {
    const { expect } = context;
    const sandbox = begin(context, [asked, scripted("next", "echo next >> effects")]);
    const { code, screen } = await answering(sandbox, ["\u0003"]);
    expect(code).toBe(130);
    expect(screen.some((row) => row.includes("cancelled"))).toBe(true);
    expect((await showRun(sandbox)).state).toBe("cancellation");
    expect(linesOf(sandbox, "effects")).toEqual([]);
  });
});
