import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createSandbox } from "../support/run-binary.ts";

/** Does what its first argument says, in the place of the built program. */
const PROGRAM = `
const { spawn } = require("node:child_process");
const say = (value) => process.stdout.write(JSON.stringify(value) + "\\n");
switch (process.argv[2]) {
  case "env": say({ ...process.env, cwd: process.cwd() }); break;
  case "echo": process.stdin.pipe(process.stderr); process.exitCode = 3; break;
  case "tty": setTimeout(() => { say([process.stdout.isTTY, process.argv[3]]); process.exitCode = 4; }, 100); break;
  case "hang": setInterval(() => {}, 1000); say("ready"); break;
  case "detach": spawn(process.execPath, [__filename, "hang"], { detached: true, stdio: "ignore" }).unref(); break;
}`;

function sandboxOfProgram() {
  const directory = mkdtempSync(join(tmpdir(), "program-"));
  const launcher = join(directory, "program.cjs");
  writeFileSync(launcher, PROGRAM);
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const sandbox = createSandbox({ launcher });
  onTestFinished(() => sandbox.dispose());
  return sandbox;
}

test("runs see a sealed environment and what the test adds", async () => {
  const sandbox = sandboxOfProgram();
  const { code, stdout } = await sandbox.run(["env"], { env: { CI: "1", NO_COLOR: undefined } });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    PATH: process.env.PATH,
    HOME: sandbox.userHome,
    TTA_PERSONA_HOME: sandbox.home,
    TMPDIR: expect.stringContaining("tta-persona-test-"),
    TTA_PERSONA_DELIVERY_TIMEOUT: expect.any(String),
    TZ: "UTC",
    CI: "1",
    cwd: sandbox.project,
  });
});

test("runs give input, output and code, also on a terminal", async () => {
  const sandbox = sandboxOfProgram();
  expect(await sandbox.run(["echo"], { stdin: "hello" })).toMatchObject({
    code: 3,
    stdout: "",
    stderr: "hello",
  });
  expect(await sandbox.runTty(["tty", "it's"])).toMatchObject({ code: 4, stdout: '[true,"it\'s"]\r\n' });
  await expect(sandbox.run(["hang"], { timeoutMs: 300 })).rejects.toThrow(/hang: not over after 300 ms/);
});

test("disposing kills what still runs on the sandbox's home, and nothing else", async () => {
  const [sandbox, other] = [sandboxOfProgram(), sandboxOfProgram()];
  await sandbox.run(["detach"]);
  await other.run(["detach"]);
  expect(sandbox.processes()).toHaveLength(1);
  const running = sandbox.spawn(["hang"]);
  await sandbox.dispose();
  expect(await running.result).toMatchObject({ signal: "SIGKILL" });
  expect(sandbox.processes()).toEqual([]);
  expect(other.processes()).toHaveLength(1);
});
