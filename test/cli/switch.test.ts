import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { contentsOf, documentOf, sandboxOfTest } from "./sandboxes.ts";

const IN_SHELL = fileURLToPath(new URL("./in-shell.cjs", import.meta.url));

test("a switch, the way back, and what is already active", async () => {
  const { run } = sandboxOfTest();
  expect(documentOf(await run(["switch", "backend", "--json"]))).toMatchObject({
    persona: "backend-engineer",
    chatmode: "default",
    outcome: "switched",
    from: "none",
    endedAfterSeconds: null,
  });
  expect(documentOf(await run(["switch", "testing", "--chatmode", "tdd", "--json"]))).toMatchObject({
    from: "backend-engineer",
    endedAfterSeconds: expect.any(Number),
  });
  expect(documentOf(await run(["switch", "testing", "--chatmode", "tdd", "--json"]))).toMatchObject({
    outcome: "already",
    from: null,
    activeForSeconds: expect.any(Number),
  });
  await run(["switch", "-"]);
  expect(documentOf(await run(["switch", "-", "--json"]))).toMatchObject({
    persona: "testing-specialist",
    chatmode: "tdd",
    from: "backend-engineer",
  });
  expect(documentOf(await run(["switch", "-", "--chatmode", "api", "--json"]))).toMatchObject({
    persona: "backend-engineer",
    chatmode: "api",
    fromChatmode: "tdd",
  });
});

test("a dry run says what would happen and writes nothing, not even directories", async () => {
  const { run, home } = sandboxOfTest();
  const first = await run(["switch", "backend", "--dry-run"]);
  expect(first).toMatchObject({ code: 0, stdout: "Would switch to ⚙️ backend-engineer\n", stderr: "" });
  expect(contentsOf(home)).toEqual({});

  await run(["backend"]);
  for (let i = 0; i < 20; i++) await run(["switch", i % 2 === 0 ? "testing" : "backend"]);
  // A tail that the next reader would renew the snapshot for.
  rmSync(join(home, "state"), { recursive: true });
  const before = contentsOf(home);
  expect((await run(["backend", "--dry-run"])).stdout).toMatch(
    /^Would change nothing: .* is already active\n$/,
  );
  const foreseen = documentOf(await run(["switch", "-", "--dry-run", "--json"]));
  expect(contentsOf(home)).toEqual(before);
  expect(foreseen).toMatchObject({ dryRun: true, persona: "testing-specialist", from: "backend-engineer" });
  expect(documentOf(await run(["switch", "-", "--json"]))).toMatchObject({
    ...foreseen,
    dryRun: false,
    endedAfterSeconds: expect.any(Number),
  });
});

test("a quiet switch is silent, and still a switch", async () => {
  const { run } = sandboxOfTest();
  expect(await run(["--quiet", "switch", "backend"])).toMatchObject({ code: 0, stdout: "", stderr: "" });
  expect((await run(["current", "--quiet"])).stdout).toBe("backend-engineer\n");
});

test("a broken definition is never passed over for the built-in one", async () => {
  const { run, project } = sandboxOfTest();
  const file = join(project, ".tta-persona/personas/backend-engineer.json");
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, '{\n  "name": "backend-engineer",\n  "tokenBudget": "many"\n}');
  const { code, stdout, stderr } = await run(["switch", "backend"]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(`tta-persona: ${file}:3:18: tokenBudget: `);
  expect(documentOf(await run(["switch", "backend", "--json"]))).toMatchObject({
    error: { reason: "broken-persona" },
  });
  expect((await run(["switch", "testing"])).code).toBe(0);
});

test("a previous persona that is gone, or broken by now, is said so", async () => {
  const { run, project } = sandboxOfTest();
  const directory = join(project, ".tta-persona/personas");
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "auditor.json"), '{"name": "auditor"}');
  await run(["switch", "auditor"]);
  await run(["switch", "backend"]);
  writeFileSync(join(directory, "auditor.json"), '{"name": "auditor", "icon": 1}');
  expect(await run(["switch", "-"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("auditor.json:1:29"),
  });
  rmSync(directory, { recursive: true });
  // What the name has become the beginning of does not count.
  mkdirSync(directory);
  writeFileSync(join(directory, "other.json"), '{"name": "auditor-in-chief"}');
  expect(await run(["switch", "-"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('"auditor", does not exist here any more'),
  });
});

test("unknown and ambiguous names get suggestions", async () => {
  const { run } = sandboxOfTest();
  const stderrOf = async (...argv: string[]) => (await run(argv)).stderr;
  expect(await stderrOf("switch", "bakend")).toContain("Did you mean backend-engineer?");
  expect(await stderrOf("switch", "d")).toContain('"d" could be data-scientist or devops-engineer.');
  expect(await stderrOf("swich", "backend")).toContain("Did you mean switch?");
  expect(await stderrOf("switch", "backend", "--chatmod", "x")).toContain("Did you mean --chatmode?");
});

test("a working directory that is gone: only what needs it complains", async () => {
  const { run } = sandboxOfTest();
  const inGoneDirectory = {
    nodeArgs: ["--require", IN_SHELL],
    env: { SCRIPT: 'mkdir gone && cd gone && rmdir ../gone && exec "$@"' },
  };
  await run(["backend"]);
  expect(await run(["switch", "testing"], inGoneDirectory)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("current directory does not exist any more"),
  });
  for (const argv of [["current"], [], ["history"]]) {
    expect(await run(argv, inGoneDirectory)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("backend-engineer"),
    });
  }
});
