import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { systemError } from "../../src/cli/system-error.ts";
import { withFaults } from "../support/preloads.ts";
import { documentOf, sandboxOfTest } from "./sandboxes.ts";

const READ_ONLY = fileURLToPath(new URL("./read-only-fs.cjs", import.meta.url));
const IN_SHELL = fileURLToPath(new URL("./in-shell.cjs", import.meta.url));
const BUG = fileURLToPath(new URL("./bug.cjs", import.meta.url));

test("a full disk: the work failed, nothing changed, no stack trace", async () => {
  const { run, runCold } = sandboxOfTest();
  await run(["backend"]);
  for (const [start, fault] of [
    [run, "enospc:1+"],
    // The launcher would try once more, and succeed.
    [runCold, "short:1:journal"],
  ] as const) {
    const { code, stdout, stderr } = await start(["switch", "testing"], withFaults(fault));
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^tta-persona: Cannot write .*: the disk is full \(ENOSPC\)\.\n {2}.*\n$/);
    expect((await run(["current"])).stdout).toBe("backend-engineer\n");
  }
  const { stdout } = await run(["end", "--json"], withFaults("enospc:1+"));
  expect(JSON.parse(stdout)).toMatchObject({ error: { reason: "system-enospc" } });
  expect((await run(["switch", "testing"])).code).toBe(0);
});

test("a read-only home: questions are answered, changes are refused", async () => {
  const { run } = sandboxOfTest();
  await run(["backend"]);
  const readOnly = { nodeArgs: ["--require", READ_ONLY] };
  for (const argv of [
    ["current"],
    ["list"],
    ["show"],
    ["history"],
    [],
    ["config", "list"],
    ["backend", "--dry-run"],
  ]) {
    expect({ argv, ...(await run(argv, readOnly)) }).toMatchObject({ argv, code: 0, stderr: "" });
  }
  for (const argv of [["switch", "testing"], ["end"], ["config", "set", "delivery.timeout", "3s"]]) {
    const { code, stderr } = await run(argv, readOnly);
    expect({ argv, code }).toEqual({ argv, code: 2 });
    expect(stderr).toMatch(/read-only \(EROFS\)\.\n {2}.*TTA_PERSONA_HOME/);
  }
});

test("a home that cannot be one", async () => {
  const { run, home, userHome } = sandboxOfTest();
  writeFileSync(home, "a file");
  expect(await run(["switch", "backend"])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^tta-persona: Cannot \w+ .*home.*\n {2}.*\n$/),
  });
  const relative = await run(["switch", "backend"], { env: { TTA_PERSONA_HOME: "not/absolute" } });
  expect(relative).toMatchObject({ code: 2, stderr: expect.stringContaining("absolute path") });
  const homeless = { env: { TTA_PERSONA_HOME: undefined, HOME: undefined } };
  expect((await run(["switch", "backend"], homeless)).code).toBe(2);
  expect((await run(["--help"], homeless)).code).toBe(0);
  expect(existsSync(join(userHome, ".config"))).toBe(false);
});

test("settings that are no good are told, and change no exit code", async () => {
  const { run, home } = sandboxOfTest();
  mkdirSync(home);
  writeFileSync(join(home, "config.json"), "{broken");
  const { code, stdout, stderr } = await run(["switch", "backend"], {
    env: { PUSHGATEWAY_URL: "not a url" },
  });
  expect({ code, stdout }).toEqual({ code: 0, stdout: "Switched to ⚙️ backend-engineer\n" });
  expect(stderr.trimEnd().split("\n")).toEqual([
    expect.stringContaining("config.json cannot be read"),
    expect.stringContaining("PUSHGATEWAY_URL: pushgateway.url cannot be"),
  ]);
  expect((await run(["current", "--quiet"])).stderr).toBe("");
});

test("a bug: exit code 70, a report on disk, the stack only on request", async () => {
  const { run, home } = sandboxOfTest();
  const buggy = { nodeArgs: ["--require", BUG] };
  const { code, stdout, stderr } = await run(["list"], buggy);
  expect({ code, stdout }).toEqual({ code: 70, stdout: "" });
  expect(stderr).toMatch(
    /^tta-persona: This is a bug in tta-persona, sorry \(tta-persona [\d.]+, Node.js [\d.]+/,
  );
  expect(stderr).not.toContain("    at ");
  const file = join(home, "state/bug-report.txt");
  expect(stderr).toContain(`attach ${file}`);
  expect(readFileSync(file, "utf8")).toMatch(/TypeError: an invented bug\n {4}at /);
  expect((await run(["list"], { ...buggy, env: { TTA_PERSONA_DEBUG: "1" } })).stderr).toContain("    at ");
  expect(documentOf(await run(["list", "--json"], buggy))).toMatchObject({ error: { reason: "bug" } });
});

test("a reader that has gone is no error; a stdout that takes nothing is", async () => {
  const { run } = sandboxOfTest();
  const inShell = (script: string) =>
    run(["list"], { nodeArgs: ["--require", IN_SHELL], env: { SCRIPT: script } });
  expect(await inShell('set -o pipefail; "$@" | true')).toMatchObject({ code: 0, stderr: "" });
  expect(await inShell('"$@" > /dev/full')).toMatchObject({
    code: 1,
    stderr: "tta-persona: Standard output cannot be written (ENOSPC).\n",
  });
  expect((await inShell('"$@" --json > /dev/full')).code).toBe(1);
});

test("what the system refuses is told by what it is; what only a bug can cause is not", () => {
  const refusal = (code: string, more = {}) =>
    systemError(Object.assign(new Error(code), { code, ...more }), "/home");
  expect(refusal("EIO")).toMatchObject({
    exitCode: 1,
    message: "Cannot write /home: the disk reports an error (EIO).",
  });
  expect(refusal("EACCES", { syscall: "open", path: "/x" })).toMatchObject({
    exitCode: 2,
    message: "Cannot open /x: permission denied (EACCES).",
  });
  expect(refusal("ENOENT")).toBeUndefined();
  expect(refusal("ERR_INVALID_ARG_TYPE")).toBeUndefined();
  expect(systemError(new TypeError("x"), "/home")).toBeUndefined();
});
