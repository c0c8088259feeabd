import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { currentOwner, isProvablyDead } from "../../src/core/owner.ts";
import { sandboxOfTest } from "../cli/sandboxes.ts";
import { repositoryRoot } from "../support/run-binary.ts";
import { waitFor } from "../support/wait-for.ts";
import {
  defineWorkflow,
  documentOf,
  failureOf,
  isThere,
  linesOf,
  OFF,
  scripted,
} from "./workflow-project.ts";

const launcher = join(repositoryRoot, "bin", "tta-persona.cjs");
const quoted = (words: readonly string[]) => words.map((word) => `'${word}'`).join(" ");

const manual = (id: string, needs: readonly string[] = []) => ({
  id,
  persona: "backend-engineer",
  needs,
  manual: { checklist: [`${id} is fine`] },
});

test("options may stand before the workflow, and what cannot be told apart is refused, never passed over", async () => {
  const sandbox = sandboxOfTest();
  defineWorkflow(sandbox, {
    name: "tried",
    parameters: { what: { type: "string", required: true } },
    stages: [scripted("one", 'echo "$TTA_PARAM_WHAT" >> done')],
  });
  const first = await sandbox.run(["run", "--max-parallel", "2", "--what", "x", "tried"], { env: OFF });
  expect(first).toMatchObject({ code: 0, stderr: "" });
  expect(linesOf(sandbox, "done")).toEqual(["x"]);
  const value = await sandbox.run(["run", "--what", "tried", "other", "--json"], { env: OFF });
  expect([value.code, failureOf(value).reason]).toEqual([2, "workflow-first"]);
  const unknown = await sandbox.run(["run", "--yes", "other", "--json"], { env: OFF });
  expect([unknown.code, failureOf(unknown).reason]).toEqual([2, "workflow-first"]);
  expect(linesOf(sandbox, "done")).toEqual(["x"]);
});

test("no workflow, stage or gate sends commands to the terminal; colours of a log stay", async () => {
  const sandbox = sandboxOfTest();
  defineWorkflow(sandbox, {
    name: "tried",
    description: "Sets \u001b]0;a title\u0007 in help",
    stages: [
      scripted("good", "printf '\\033]0;title\\007\\033[32mgreen\\033[0m\\n' | tee found", {
        gates: [{ name: "found", value: { file: "found", pattern: ".+", equals: "\u001b[2Jno" } }],
      }),
    ],
  });
  const run = await sandbox.runTty(["run", "tried"], { env: OFF });
  expect(run.code).toBe(1);
  const logs = await sandbox.runTty(["runs", "logs"]);
  const shown = await sandbox.runTty(["runs", "show"]);
  const help = await sandbox.runTty(["run", "tried", "--help"]);
  for (const { stdout } of [run, logs, shown, help]) {
    expect(stdout).not.toContain("\u001b]");
    expect(stdout).not.toContain("\u001b[2J");
  }
  expect(run.stdout).toContain("\u001b[32mgreen");
  expect(logs.stdout).toContain("\u001b[32mgreen");
  const plain = await sandbox.run(["runs", "logs"]);
  expect(plain.stdout).toBe("green\n");
});

test("a full disk behind standard output does not end the work, and is told", () => {
  const sandbox = sandboxOfTest();
  const stages = [scripted("one", "echo x > first"), scripted("two", "echo x > second")];
  defineWorkflow(sandbox, { name: "tried", stages });
  const { status, stderr } = spawnSync(
    "sh",
    ["-c", `${quoted([process.execPath, launcher, "run", "tried"])} > /dev/full`],
    { cwd: sandbox.project, env: { ...sandbox.env, ...OFF }, encoding: "utf8", timeout: 120_000 },
  );
  expect([status, stderr]).toEqual([1, "tta-persona: Standard output cannot be written (ENOSPC).\n"]);
  expect([isThere(sandbox, "first"), isThere(sandbox, "second")]).toEqual([true, true]);
});

test("Ctrl-C answers the question on the terminal and all that wait behind it", async () => {
  const sandbox = sandboxOfTest();
  defineWorkflow(sandbox, { name: "tried", stages: [manual("one"), manual("two")] });
  const child = spawn("script", ["-qec", quoted([process.execPath, launcher, "run", "tried"]), "/dev/null"], {
    cwd: sandbox.project,
    env: { ...sandbox.env, ...OFF, TERM: "xterm", SHELL: "/bin/sh" },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const exit = once(child, "exit");
  await waitFor(() => output.includes("Done?"), { what: "the question" });
  child.stdin.write("\u0003");
  expect(await exit).toEqual([130, null]);
  expect(output.split("Done?")).toHaveLength(2);
});

test("with --json nobody is asked: standard output is the document's", async () => {
  const sandbox = sandboxOfTest();
  defineWorkflow(sandbox, { name: "tried", stages: [manual("one")] });
  const { code, stdout } = await sandbox.runTty(["run", "tried", "--json"], { env: OFF });
  expect(code).toBe(1);
  expect(documentOf({ stdout }).stages).toMatchObject([{ result: "failure" }]);
});

test("a bug that ends the program takes the stage's processes along", async () => {
  const sandbox = sandboxOfTest();
  defineWorkflow(sandbox, {
    name: "tried",
    stages: [scripted("one", "sleep 60 & echo $! > child; mv child begun; wait")],
  });
  const preload = join(sandbox.userHome, "bug.cjs");
  writeFileSync(
    preload,
    `const timer = setInterval(() => {
      if (!require("node:fs").existsSync("begun")) return;
      clearInterval(timer);
      throw new TypeError("an invented bug");
    }, 10);`,
  );
  const { code, stderr } = await sandbox.run(["run", "tried"], {
    env: OFF,
    nodeArgs: ["--require", preload],
  });
  expect([code, stderr]).toEqual([70, expect.stringContaining("bug in tta-persona")]);
  const child = Number(linesOf(sandbox, "begun")[0]);
  await waitFor(() => isProvablyDead(currentOwner(child)), { what: "the stage's process to end" });
});
