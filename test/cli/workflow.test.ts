import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { documentOf, sandboxOfTest } from "./sandboxes.ts";

const WORKFLOWS = ".tta-persona/workflows";

/** A sandbox with these files below its project. */
function sandboxWith(files: Readonly<Record<string, string>>) {
  const sandbox = sandboxOfTest();
  for (const [name, text] of Object.entries(files)) {
    const file = join(sandbox.project, name);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, text);
  }
  return sandbox;
}

const flow = (name: string, stage = "persona: qa, run: x") =>
  `name: ${name}\nstages:\n  - { id: a, ${stage} }\n`;

test("init writes a workflow that is good, and overwrites none", async () => {
  const { run, project } = sandboxWith({});
  const file = join(project, WORKFLOWS, "deploy.yaml");
  const first = await run(["workflow", "init", "deploy"]);
  expect(first).toMatchObject({ code: 0, stdout: `Wrote ${file}\n`, stderr: "" });
  expect(documentOf(await run(["workflow", "validate", file, "--json"]))).toEqual({
    schema: "tta-persona/workflow-validate/1",
    valid: true,
    workflows: [{ name: "deploy", file }],
    problems: [],
  });

  writeFileSync(file, "mine");
  const again = await run(["workflow", "init", "deploy"]);
  expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining("is there already") });
  expect(readFileSync(file, "utf8")).toBe("mine");

  writeFileSync(join(project, WORKFLOWS, "other.yml"), flow("release"));
  const taken = await run(["workflow", "init", "release", "--json"]);
  expect(taken.code).toBe(2);
  expect(documentOf(taken)).toMatchObject({ error: { message: expect.stringContaining("other.yml") } });

  const bad = await run(["workflow", "init", "../deploy"]);
  expect(bad).toMatchObject({ code: 2, stderr: expect.stringContaining("kebab-case") });
});

test("init tells of a directory that it cannot write", async () => {
  const { run } = sandboxWith({ ".tta-persona": "a file" });
  const result = await run(["workflow", "init", "deploy"]);
  expect(result.code).not.toBe(0);
  expect(result.code).not.toBe(70);
  expect(result.stderr).toContain(".tta-persona");
});

test("list names them all, whence they come, and what is broken", async () => {
  const { run, home } = sandboxWith({
    [`${WORKFLOWS}/zoo.yaml`]: flow("zoo"),
    [`${WORKFLOWS}/broken.yaml`]: "name: broken\nstages: 5\n",
  });
  mkdirSync(join(home, "workflows"), { recursive: true });
  writeFileSync(join(home, "workflows/mine.yaml"), `description: Mine\n${flow("mine")}`);
  const list = await run(["workflow", "list"]);
  expect(list.code).toBe(0);
  expect(list.stdout).toMatch(/^mine +user +Mine$/m);
  expect(list.stdout).toMatch(/^zoo +project$/m);
  expect(list.stderr).toMatch(/broken\.yaml:2:9: stages: expected array/);
  expect((await run(["workflow"])).stdout).toBe(list.stdout);
  const document = documentOf(await run(["workflow", "list", "--json"]));
  expect(document.workflows).toContainEqual({
    name: "mine",
    description: "Mine",
    origin: { kind: "user", file: join(home, "workflows/mine.yaml") },
    shadowsBuiltIn: false,
    parameters: [],
    stages: ["a"],
  });
  expect(document.problems).toMatchObject([{ line: 2, column: 9 }]);
  expect((await run(["__complete", "workflows"])).stdout.split("\n")).toEqual(
    expect.arrayContaining(["mine", "zoo"]),
  );
});

test("show says what a workflow takes and does", async () => {
  const { run, project } = sandboxWith({
    [`${WORKFLOWS}/w.yaml`]: [
      "name: w",
      "parameters: { version: { type: semver, required: true }, fast: { type: boolean } }",
      "stages:",
      "  - { id: bump, persona: qa, run: { file: bump.sh } }",
      "  - id: check",
      "    persona: qa",
      "    needs: []",
      "    timeout: 1m",
      "    run: make check",
      "    when: { parameter: fast, not: true }",
      "    gates: [{ name: rate, value: { output: rate, min: 80, max: 99.5, optional: true } }]",
      "  - { id: tell, persona: qa, needs: [bump, check], manual: { checklist: [a, b] } }",
      "",
    ].join("\n"),
  });
  const { stdout } = await run(["workflow", "show", "w"]);
  for (const line of [
    /^ {2}--version <semver> +a semantic version \(required\)$/m,
    /^ {2}1\. check$/m,
    /^ {2}2\. tell$/m,
    /^ +work +run bump\.sh$/m,
    /^ +when +--fast is not "true"$/m,
    /^ +gate +rate: output rate ≥ 80 and ≤ 99\.5, where there is one$/m,
    /^ +work +manual, 2 to confirm$/m,
  ]) {
    expect(stdout).toMatch(line);
  }
  const document = documentOf(await run(["workflow", "show", "w", "--json"]));
  expect(document.stages).toMatchObject([
    { id: "bump", level: 1, work: { kind: "run", file: join(project, WORKFLOWS, "bump.sh") } },
    { id: "check", level: 1, needs: [], timeoutSeconds: 60, work: { script: "make check", shell: "bash" } },
    { id: "tell", level: 2, needs: ["bump", "check"], fallback: null },
  ]);

  const unknown = await run(["workflow", "show", "v"]);
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('no workflow "v"') });
  writeFileSync(join(project, WORKFLOWS, "w.yaml"), "name: w\n");
  const broken = await run(["workflow", "show", "w", "--json"]);
  expect(broken.code).toBe(2);
  expect(documentOf(broken)).toMatchObject({
    error: { reason: "broken-workflow", message: expect.stringContaining("w.yaml:1:1: stages is missing") },
  });
});

test("validate tells file, line and column of all that is wrong, and what to do", async () => {
  const { run, project } = sandboxWith({
    [`${WORKFLOWS}/good.yaml`]: flow("good", "persona: backend-engineer, run: x"),
    [`${WORKFLOWS}/bad.yaml`]: "name: bad\nstages:\n  - { id: a, persona: qa, rum: x }\n",
    [`${WORKFLOWS}/who.yaml`]: flow("who", "persona: backend-enginer, run: { file: gone.sh }"),
  });
  const bad = join(project, WORKFLOWS, "bad.yaml");
  const who = join(project, WORKFLOWS, "who.yaml");
  const all = await run(["workflow", "validate"]);
  expect(all).toMatchObject({ code: 1, stderr: "" });
  expect(all.stdout).toMatch(/^✓ good {2}/m);
  expect(all.stdout).toContain(
    `✗ ${bad}:3:27: stages[0].rum: there is no such key here\n  Did you mean run?\n`,
  );
  expect(all.stdout).toContain(
    `✗ ${who}:3:23: there is no persona backend-enginer for the stage a\n  Did you mean backend-engineer?\n`,
  );
  expect(all.stdout).toContain(`✗ ${who}:3:53: the script`);

  const some = await run(["workflow", "validate", bad, `${WORKFLOWS}/good.yaml`, "gone.yaml", "--json"]);
  expect(some.code).toBe(1);
  const document = documentOf(some);
  expect(document).toMatchObject({ valid: false, workflows: [{ name: "good" }] });
  expect((document.problems as { file: string }[]).map(({ file }) => file)).toEqual([
    bad,
    bad,
    join(project, "gone.yaml"),
  ]);

  for (const file of [bad, who]) rmSync(file);
  expect(await run(["workflow", "validate"])).toMatchObject({ code: 0, stderr: "" });
});

test("a word that is no subcommand gets the one that was meant", async () => {
  const { run } = sandboxOfTest();
  expect(await run(["workflow", "vlidate"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("Did you mean validate?"),
  });
});

test("run without a name tells which workflows there are", async () => {
  const { run } = sandboxWith({ [`${WORKFLOWS}/zoo.yaml`]: flow("zoo") });
  for (const args of [["run"], ["run", "--dry-run"]]) {
    const plain = await run(args);
    expect(plain).toMatchObject({ code: 2, stdout: "" });
    expect(plain.stderr).toMatch(/package-release.*zoo.*tta-persona workflow list/);
    const document = documentOf(await run([...args, "--json"]));
    const error = { reason: "missing-argument", hint: expect.stringMatching(/package-release.*zoo/) };
    expect(document).toMatchObject({ schema: "tta-persona/error/1", error });
  }
  expect((await run(["run", "--help"])).stdout).toMatch(/^Usage: tta-persona run \[options\] <workflow>$/m);
});
