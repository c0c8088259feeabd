import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { documentOf, sandboxOfTest } from "./sandboxes.ts";

test("status: nothing yet, active, ended", async () => {
  const { run } = sandboxOfTest();
  const first = await run([]);
  expect(first.code).toBe(0);
  expect(first.stdout).toContain("No persona is active yet.");
  expect(first.stdout).toContain("tta-persona list");
  expect(documentOf(await run(["--json"]))).toMatchObject({ active: null, previous: null });

  await run(["backend"]);
  await run(["switch", "testing", "--chatmode", "tdd"]);
  expect((await run([])).stdout).toMatch(
    /^🧪 testing-specialist \[tdd\] \(for \d+s\)\nBefore: backend-engineer\n/,
  );
  expect(documentOf(await run(["--json"]))).toMatchObject({
    active: { persona: "testing-specialist", chatmode: "tdd", idle: false },
    previous: { persona: "backend-engineer", chatmode: "default" },
  });
  await run(["end"]);
  expect((await run(["status"])).stdout).toContain("The last one was testing-specialist [tdd].");
});

test("current and prompt: with and without a persona", async () => {
  const { run } = sandboxOfTest();
  expect(await run(["current"])).toMatchObject({
    code: 3,
    stdout: "",
    stderr: expect.stringMatching(/^tta-persona: No persona/),
  });
  expect(documentOf(await run(["current", "--json"]))).toMatchObject({ error: { reason: "no-persona" } });
  expect(await run(["prompt"])).toMatchObject({ code: 0, stdout: "", stderr: "" });
  expect(documentOf(await run(["prompt", "--json"]))).toMatchObject({ persona: null });
  await run(["backend"]);
  expect(documentOf(await run(["current", "--json"]))).toMatchObject({
    persona: "backend-engineer",
    since: expect.stringMatching(/Z$/),
    previous: null,
  });
  expect(documentOf(await run(["prompt", "--json"]))).toMatchObject({ persona: "backend-engineer" });
});

test("a prompt stays clean, whatever state the home is in", async () => {
  const { run, home } = sandboxOfTest();
  writeFileSync(home, "a file where the home should be");
  expect(await run(["prompt"])).toMatchObject({ code: 0, stdout: "", stderr: "" });
  rmSync(home);
  mkdirSync(home);
  writeFileSync(join(home, "config.json"), "{broken");
  expect(await run(["prompt"])).toMatchObject({ code: 0, stdout: "", stderr: "" });
});

test("end: once, and then there is nothing to end", async () => {
  const { run } = sandboxOfTest();
  await run(["backend"]);
  expect(documentOf(await run(["end", "--json"]))).toMatchObject({
    persona: "backend-engineer",
    chatmode: "default",
  });
  expect(await run(["end"])).toMatchObject({ code: 3, stdout: "" });
  expect((await run(["switch", "-"])).stdout).toBe("Switched to ⚙️ backend-engineer\n");
});

test("list and show: marks, origins, broken definitions", async () => {
  const { run, project } = sandboxOfTest();
  const directory = join(project, ".tta-persona/personas");
  mkdirSync(directory, { recursive: true });
  writeFileSync(
    join(directory, "auditor.yaml"),
    "name: auditor\ndisplayName: The Auditor\nallowedServers: [git]\n",
  );
  writeFileSync(join(directory, "broken.json"), "{");
  await run(["switch", "auditor"]);

  const list = await run(["list"]);
  expect(list.code).toBe(0);
  expect(list.stdout).toMatch(/^\* auditor +👤 The Auditor {2}project: .*auditor\.yaml$/m);
  expect(list.stdout).toMatch(/^ {2}backend-engineer +⚙️ Backend Engineer$/m);
  expect(list.stderr).toMatch(/^tta-persona: .*broken\.json:1:2: .*\n$/);
  expect(documentOf(await run(["list", "--json"]))).toMatchObject({
    personas: expect.arrayContaining([
      expect.objectContaining({
        name: "auditor",
        active: true,
        origin: { kind: "project", file: expect.any(String) },
      }),
      expect.objectContaining({ name: "data-scientist", active: false, origin: { kind: "built-in" } }),
    ]),
    problems: [expect.objectContaining({ file: join(directory, "broken.json"), line: 1 })],
  });

  expect((await run(["show"])).stdout).toMatch(
    /^👤 The Auditor \(auditor\)\n(?:.*\n)*.*MCP servers {2}git\n/,
  );
  expect(documentOf(await run(["show", "backend", "--json"]))).toMatchObject({
    name: "backend-engineer",
    active: false,
    tokenBudget: 2000,
    budget: { tokens: 2_000_000, window: "day" },
  });
  expect((await run(["show", "nobody"])).code).toBe(2);
  await run(["end"]);
  expect((await run(["show"])).code).toBe(3);
});

test("colours only on a terminal that wants them", async () => {
  const { run, runTty } = sandboxOfTest();
  await run(["backend"]);
  expect((await runTty(["list"])).stdout).toContain("\u001b[32m");
  for (const options of [{ env: { NO_COLOR: "1" } }, { env: { TERM: "dumb" } }]) {
    expect((await runTty(["list"], options)).stdout).not.toContain("\u001b[");
  }
  expect((await runTty(["list", "--no-color"])).stdout).not.toContain("\u001b[");
  expect((await run(["list"], { env: { NO_COLOR: undefined } })).stdout).not.toContain("\u001b[");
});
