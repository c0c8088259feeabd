import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Sandbox } from "../support/run-binary.ts";
import { contentsOf, documentOf, sandboxOfTest } from "./sandboxes.ts";

const SCRIPT = `#!/usr/bin/env bash
sed -i "s/\\"--persona\\", \\"[^\\"]*\\"/\\"--persona\\", \\"$1\\"/" ~/.config/mcp/mcp_settings.json
`;

function oldSettings({ userHome }: Sandbox, ...persona: readonly string[]): string {
  const directory = join(userHome, ".config/mcp");
  mkdirSync(directory, { recursive: true });
  const hypertool = {
    command: "npx",
    args: ["-y", "-p", "x", "@toolprint/hypertool-mcp@latest", ...persona],
  };
  const other = { command: "other", args: ["--persona", "somebody"] };
  const file = join(directory, "mcp_settings.json");
  writeFileSync(file, `// mine\n${JSON.stringify({ mcpServers: { other, hypertool } }, null, 2)}`);
  return file;
}

function oldScript(directory: string): string {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, "tta-persona");
  writeFileSync(file, SCRIPT);
  chmodSync(file, 0o755);
  return file;
}

const steps = (document: Record<string, unknown>) =>
  (document.steps as { what: string; outcome: string; path: string; text: string }[]).map(
    ({ what, outcome, path }) => [what, outcome, path],
  );

test("the persona of the old settings becomes the active one, once, and no file of theirs changes", async () => {
  const sandbox = sandboxOfTest();
  const { run, userHome, project } = sandbox;
  const settings = oldSettings(sandbox, "--persona", "tta-testing-specialist");
  const script = oldScript(join(userHome, ".local/bin"));
  const personas = join(project, ".hypertool/personas");
  mkdirSync(personas, { recursive: true });
  writeFileSync(join(personas, "auditor.json"), '{"name": "tta-auditor", "tokenBudget": 1200}');
  const theirs = [contentsOf(userHome), contentsOf(project)];

  const dry = documentOf(await run(["migrate", "--dry-run", "--json"]));
  expect(dry).toMatchObject({ found: true, dryRun: true });
  expect(steps(dry)).toEqual([
    ["persona", "would", settings],
    ["settings", "would", settings],
    ["definitions", "already", personas],
    ["budgets", "left", personas],
    ["script", "to-do", script],
  ]);
  expect((await run(["current"])).code).toBe(3);

  expect(steps(documentOf(await run(["migrate", "--json"]))).slice(0, 2)).toEqual([
    ["persona", "done", settings],
    ["settings", "done", settings],
  ]);
  expect((await run(["current"])).stdout).toBe("testing-specialist\n");
  expect(steps(documentOf(await run(["migrate", "--json"]))).slice(0, 2)).toEqual([
    ["persona", "already", settings],
    ["settings", "already", settings],
  ]);
  const text = (await run(["migrate"])).stdout;
  expect(text).toContain(`rm ${script}`);
  expect(text).toContain("read where");
  expect([contentsOf(userHome), contentsOf(project)]).toEqual(theirs);

  // From now on switches keep it in step, as the old script did.
  expect((await run(["devops"])).code).toBe(0);
  expect(readFileSync(settings, "utf8")).toContain('"tta-devops-engineer"');
});

test("in CI the old settings are left alone", async () => {
  const sandbox = sandboxOfTest();
  oldSettings(sandbox, "--persona", "testing-specialist");
  const result = await sandbox.run(["migrate", "--json"], { env: { CI: "true" } });
  expect(steps(documentOf(result)).map(([what, outcome]) => [what, outcome])).toEqual([
    ["persona", "done"],
    ["settings", "left"],
  ]);
});

test("another active persona stays", async () => {
  const sandbox = sandboxOfTest();
  await sandbox.run(["backend"]);
  oldSettings(sandbox, "--persona=devops");
  expect(steps(documentOf(await sandbox.run(["migrate", "--json"])))[0]?.slice(0, 2)).toEqual([
    "persona",
    "left",
  ]);
  expect((await sandbox.run(["current"])).stdout).toBe("backend-engineer\n");
});

test.each([
  ["a persona that is not there", ["--persona", "nobody"], "to-do"],
  ["an empty one", ["--persona", ""], "to-do"],
])("%s is left to the user", async (_, persona, outcome) => {
  const sandbox = sandboxOfTest();
  oldSettings(sandbox, ...persona);
  const result = await sandbox.run(["migrate", "--json"]);
  expect(result.code).toBe(0);
  expect(steps(documentOf(result))[0]?.slice(0, 2)).toEqual(["persona", outcome]);
  expect((await sandbox.run(["current"])).code).toBe(3);
});

test.each<[string, object, readonly string[]]>([
  ["the program itself", { command: "/opt/bin/hypertool-mcp", args: ["-p", "testing"] }, ["testing"]],
  ["with a port", { command: "npx", args: ["hypertool-mcp", "-p", "3000", "--persona", "a"] }, ["a"]],
  ["a directory of that name", { command: "npx", args: ["other", "/x/hypertool", "-p", "my-package"] }, []],
  ["another package's", { command: "npx", args: ["-y", "not-hypertool", "--persona", "b"] }, []],
  ["an option of npx", { command: "npx", args: ["-p", "hypertool-mcp", "hypertool", "-p", "c"] }, ["c"]],
  ["without a persona", { command: "hypertool", args: ["mcp", "run"] }, []],
])("what a server starts as is read as apply reads it: %s", async (_, server, personas) => {
  const sandbox = sandboxOfTest();
  mkdirSync(join(sandbox.userHome, ".config/mcp"), { recursive: true });
  writeFileSync(
    join(sandbox.userHome, ".config/mcp/mcp_settings.json"),
    JSON.stringify({ mcpServers: { server } }),
  );
  const { oldInstallation } = documentOf(await sandbox.run(["doctor", "--json"]));
  expect(oldInstallation).toMatchObject(personas.map((persona) => ({ note: `names ${persona}` })));
});

test("where nothing is left of it, it says so; what cannot be read counts as nothing", async () => {
  const sandbox = sandboxOfTest();
  oldSettings(sandbox);
  expect((await sandbox.run(["migrate"])).stdout).toBe("There is nothing of an old installation here.\n");
  writeFileSync(join(sandbox.userHome, ".config/mcp/mcp_settings.json"), "{ broken");
  mkdirSync(join(sandbox.userHome, "bin/tta-persona"), { recursive: true });
  expect(documentOf(await sandbox.run(["migrate", "--json"]))).toMatchObject({ found: false, steps: [] });
});

test("doctor tells of it, and calls a script before this program in PATH a problem", async () => {
  const sandbox = sandboxOfTest();
  const settings = oldSettings(sandbox, "-p", "backend");
  const known = oldScript(join(sandbox.userHome, "bin"));
  const well = await sandbox.run(["doctor", "--json"]);
  expect(well.code).toBe(0);
  expect(documentOf(well)).toMatchObject({
    oldInstallation: [
      { kind: "script", path: known },
      { kind: "settings", path: settings, note: "names backend" },
    ],
  });
  const directory = join(sandbox.userHome, "scripts-in-path");
  const script = oldScript(directory);
  const PATH = `${directory}:${sandbox.env.PATH}`;
  const result = await sandbox.run(["doctor"], { env: { PATH } });
  expect(result.code).toBe(1);
  expect(result.stdout).toContain(`${script}, an older program of this name, stands before this one in PATH`);
  expect(result.stdout).toContain("tta-persona migrate --dry-run");
});
