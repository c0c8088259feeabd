import { appendFileSync, chmodSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "vitest";
import { defineWorkflow, documentOf, failureOf, linesOf, OFF, scripted } from "../e2e/workflow-project.ts";
import { createSandbox } from "../support/run-binary.ts";

/** A project with a workflow that has the name of a built-in one. */
function begin(context: TestContext) {
  const sandbox = createSandbox();
  context.onTestFinished(() => sandbox.dispose());
  const file = defineWorkflow(sandbox, {
    name: "bug-fix",
    stages: [scripted("mine", "echo mine >> effects")],
  });
  return { sandbox, file };
}

test("a project's workflow takes a built-in one's place only as it was trusted", async (context) => {
  const { expect } = context;
  const { sandbox, file } = begin(context);
  const run = (env: object = {}) => sandbox.run(["run", "bug-fix", "--json"], { env: { ...OFF, ...env } });
  const refused = await run();
  expect(refused.code).toBe(2);
  expect(failureOf(refused)).toEqual({
    reason: "untrusted-workflow",
    message: `${file} would replace the built-in workflow bug-fix.`,
    hint: `Read it, then: tta-persona trust ${file}`,
  });
  expect(await run({ TTA_PERSONA_TRUST: "0" })).toMatchObject({ code: 2 });
  expect(await run({ TTA_PERSONA_TRUST: "1" })).toMatchObject({ code: 0 });

  const trusted = await sandbox.run(["trust", ".tta-persona/workflows/bug-fix.yaml", "--json"], { env: OFF });
  expect(trusted).toMatchObject({ code: 0, stderr: "" });
  expect(documentOf<object>(trusted)).toEqual({ schema: "tta-persona/trust/1", file });
  expect(await run()).toMatchObject({ code: 0, stderr: "" });
  expect(linesOf(sandbox, "effects")).toEqual(["mine", "mine"]);

  appendFileSync(file, "\n# changed\n");
  expect(failureOf(await run()).reason).toBe("untrusted-workflow");
  const again = await sandbox.run(["trust", file], { env: OFF });
  expect(again).toMatchObject({ code: 0, stdout: `Trusted as it is now: ${file}\n` });
  expect(await run()).toMatchObject({ code: 0 });
});

test("a project's workflow of a name of its own needs no trust, nor does one of the user's", async (context) => {
  const { expect } = context;
  const { sandbox, file } = begin(context);
  defineWorkflow(sandbox, { name: "own", stages: [scripted("own", "echo own >> effects")] });
  expect(await sandbox.run(["run", "own"], { env: OFF })).toMatchObject({ code: 0, stderr: "" });
  const userDirectory = join(sandbox.home, "workflows");
  mkdirSync(userDirectory);
  renameSync(file, join(userDirectory, "bug-fix.yaml"));
  expect(await sandbox.run(["run", "bug-fix"], { env: OFF })).toMatchObject({ code: 0, stderr: "" });
  expect(linesOf(sandbox, "effects")).toEqual(["own", "mine"]);
});

test("what is no file cannot be trusted", async (context) => {
  const { expect } = context;
  const { sandbox } = begin(context);
  for (const given of ["nowhere.yaml", ".tta-persona", ""]) {
    const result = await sandbox.run(["trust", given, "--json"], { env: OFF });
    expect(result.code, given).toBe(2);
    expect(failureOf(result).reason, given).toBe("no-such-file");
  }
  expect((await sandbox.run(["trust"], { env: OFF })).code).toBe(2);
});

test("a project's settings apply only as they were trusted, and never say where anything is sent", async (context) => {
  const { expect } = context;
  const sandbox = createSandbox();
  context.onTestFinished(() => sandbox.dispose());
  mkdirSync(join(sandbox.project, ".tta-persona/deep"), { recursive: true });
  const file = join(sandbox.project, ".tta-persona/settings.yaml");
  writeFileSync(file, "llm:\n  model: openai/of-the-project\npushgateway.url: http://127.0.0.1:1\n");
  const get = (key: string, env: Record<string, string> = {}) =>
    sandbox.run(["config", "get", key], {
      env: { ...OFF, ...env },
      cwd: join(sandbox.project, ".tta-persona/deep"),
    });
  const note = `tta-persona: ${file} does not apply until you have read and trusted it: tta-persona trust ${file}\n`;
  expect(await get("llm.model")).toMatchObject({ code: 0, stdout: "", stderr: note });

  const trusted = await get("llm.model", { TTA_PERSONA_TRUST: "1" });
  expect(trusted).toMatchObject({ code: 0, stdout: "openai/of-the-project\n" });
  expect(trusted.stderr).toContain(`${file}:3:1: pushgateway.url is not a project's to set`);
  expect((await get("pushgateway.url", { TTA_PERSONA_TRUST: "1" })).stdout).toBe("");

  await sandbox.run(["trust", file], { env: OFF });
  expect((await get("llm.model")).stdout).toBe("openai/of-the-project\n");
  // The hot path has nothing to do with it.
  expect(await sandbox.run(["switch", "backend"], { env: OFF })).toMatchObject({ code: 0, stderr: "" });
  appendFileSync(file, "\n# changed\n");
  expect(await get("llm.model")).toMatchObject({ stdout: "", stderr: note });
  chmodSync(file, 0o000);
  expect(await get("llm.model")).toMatchObject({ code: 0, stdout: "" });
});

test("a project's definition opens no environment variable and raises no budget until it is trusted", async (context) => {
  const { expect } = context;
  const sandbox = createSandbox();
  context.onTestFinished(() => sandbox.dispose());
  const directory = join(sandbox.project, ".tta-persona/personas");
  mkdirSync(directory, { recursive: true });
  const define = (name: string, tokens: number) => {
    const file = join(directory, `${name}.json`);
    const security = { allowEnvironmentAccess: ["MY_API_TOKEN", "MY_PLACE"], blockList: ["MY_PLACE"] };
    writeFileSync(file, JSON.stringify({ name, security, budget: { tokens, window: "day" } }));
    return file;
  };
  defineWorkflow(sandbox, {
    name: "look",
    stages: ["backend-engineer", "own"].map((persona) => ({
      ...scripted(`as_${persona.slice(0, 3)}`, `echo "${persona} $MY_API_TOKEN $MY_PLACE" >> effects`),
      persona,
    })),
  });
  const env = { ...OFF, MY_API_TOKEN: "opened", MY_PLACE: "here" };
  let notes: readonly string[] = [];
  const look = async () => {
    const { code, stderr } = await sandbox.run(["run", "look"], { env });
    expect(code).toBe(0);
    notes = stderr.split("\n").filter((line) => line.includes("tta-persona trust"));
    return linesOf(sandbox, "effects").slice(-2);
  };
  const limit = async () => {
    const shown = await sandbox.run(["budget", "show", "backend", "--json"], { env: OFF });
    const metrics = (await sandbox.run(["metrics"], { env: OFF })).stdout.split("\n");
    const [line] = metrics.filter((one) => /token_budget_limit\{persona="backend-engineer"\}/.test(one));
    const [budget] = documentOf<{ budgets: { limit: number }[] }>(shown).budgets;
    expect(line?.split(" ").at(-1)).toBe(String(budget?.limit));
    return budget?.limit;
  };
  await sandbox.run(["backend"], { env: OFF });
  const file = define("backend-engineer", 9_000_000);
  const own = define("own", 5);
  expect(await look()).toEqual(["backend-engineer  ", "own opened "]);
  expect(notes).toEqual([
    expect.stringContaining(`MY_API_TOKEN, MY_PLACE only once you have read and trusted it`),
  ]);
  const shown = await sandbox.run(["show", "backend"], { env: OFF });
  expect(shown.stdout).toContain(`tta-persona trust ${file}`);
  expect(await limit()).toBe(2_000_000);
  define("backend-engineer", 5);
  expect(await limit()).toBe(5);
  define("backend-engineer", 9_000_000);
  for (const one of [file, own]) await sandbox.run(["trust", one], { env: OFF });
  expect(await look()).toEqual(["backend-engineer opened ", "own opened "]);
  expect(notes).toEqual([]);
  expect(await limit()).toBe(9_000_000);
});
