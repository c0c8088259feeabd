import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { factsOf, metricOf } from "../e2e/run-sandbox.ts";
import type { Sandbox } from "../support/run-binary.ts";
import { documentOf, sandboxOfTest } from "./sandboxes.ts";

const READ_ONLY = fileURLToPath(new URL("read-only-fs.cjs", import.meta.url));

/** Of a process that lives as long as the tests do. */
const shell = (letter: string) => ({ TTA_PERSONA_SHELL: `${process.pid}-${letter}` });

function projectPersona(sandbox: Sandbox, text: string): string {
  const file = join(sandbox.project, ".tta-persona/persona");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const current = async (sandbox: Sandbox, env: Record<string, string> = {}, cwd = sandbox.project) =>
  (await sandbox.run(["current"], { env, cwd })).stdout.trim();

describe("the persona in force", () => {
  test("is that of the environment, then the shell, the project, and all the world", async () => {
    const sandbox = sandboxOfTest();
    await sandbox.run(["switch", "backend"]);
    await sandbox.run(["switch", "devops", "--scope", "project"]);
    await sandbox.run(["switch", "testing", "--scope", "shell"], { env: shell("a") });
    const elsewhere = sandbox.userHome;
    expect([
      await current(sandbox, {}, elsewhere),
      await current(sandbox),
      await current(sandbox, shell("a")),
      await current(sandbox, shell("a"), elsewhere),
      await current(sandbox, shell("b"), elsewhere),
      await current(sandbox, { ...shell("a"), TTA_PERSONA: "obs" }),
    ]).toEqual([
      "backend-engineer",
      "devops-engineer",
      "testing-specialist",
      "testing-specialist",
      "backend-engineer",
      "observability-expert",
    ]);
    const { stdout } = await sandbox.run([], { env: shell("a") });
    expect(stdout).toMatch(/testing-specialist \(this shell's own, for /);
  });

  test("explains itself", async () => {
    const sandbox = sandboxOfTest();
    await sandbox.run(["switch", "backend"]);
    const file = projectPersona(sandbox, "data-scientist\n");
    const env = { ...shell("a"), TTA_PERSONA: "frontend" };
    const document = documentOf(await sandbox.run(["current", "--explain", "--json"], { env }));
    expect(document).toMatchObject({
      persona: "frontend-engineer",
      source: "environment",
      since: null,
      explanation: [
        { source: "flag", wins: false },
        { source: "environment", persona: "frontend-engineer", wins: true },
        { source: "shell", persona: null, wins: false },
        { source: "project", persona: null, wins: false, reason: expect.stringContaining(file) },
        { source: "global", persona: "backend-engineer", wins: false, reason: "TTA_PERSONA goes before it" },
      ],
    });
    const { stdout } = await sandbox.run(["current", "--explain"], { env });
    expect(stdout.split("\n").filter((line) => line.startsWith("*"))).toEqual([
      expect.stringMatching(/^\* {2}environment {2}frontend-engineer/),
    ]);
  });

  test("is an error where TTA_PERSONA names nobody, and says who may be meant", async () => {
    const sandbox = sandboxOfTest();
    await sandbox.run(["switch", "backend"]);
    const env = { TTA_PERSONA: "testng-specialist" };
    for (const args of [
      ["current"],
      ["exec", "--", "true"],
      ["tokens", "record", "--model", "m", "--input", "1", "--output", "1"],
    ]) {
      const { code, stdout, stderr } = await sandbox.run(args, { env });
      expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: "" });
      expect(stderr).toContain('TTA_PERSONA: There is no persona "testng-specialist".');
      expect(stderr).toContain("testing-specialist");
    }
    expect(await sandbox.run(["prompt"], { env })).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(await sandbox.run(["list"], { env })).toMatchObject({ code: 0, stderr: "" });
    expect((await sandbox.run(["exec", "--persona", "data", "--", "true"], { env })).code).toBe(0);
  });

  test("is not disturbed by an id that is none", async () => {
    const sandbox = sandboxOfTest();
    await sandbox.run(["switch", "backend"]);
    for (const id of ["../../x", "0-a", "7", "7-A b", "7-a/../b"]) {
      const env = { TTA_PERSONA_SHELL: id };
      expect(await current(sandbox, env)).toBe("backend-engineer");
      const { code, stderr } = await sandbox.run(["switch", "data", "--scope", "shell"], { env });
      expect({ id, code }).toEqual({ id, code: 2 });
      expect(stderr).toContain("shell-init");
    }
  });

  test("is said in a directory that is gone", async () => {
    const sandbox = sandboxOfTest();
    await sandbox.run(["switch", "backend"]);
    const cwd = join(sandbox.project, "gone");
    mkdirSync(cwd);
    const file = join(sandbox.userHome, "gone.cjs");
    writeFileSync(file, `require("node:fs").rmdirSync(process.cwd());`);
    const result = await sandbox.run(["current"], { cwd, nodeArgs: ["--require", file] });
    expect(result).toMatchObject({ code: 0, stdout: "backend-engineer\n" });
  });
});

describe("a project's persona", () => {
  test("is passed over until it is trusted, and again after a change, each time with a word", async () => {
    const sandbox = sandboxOfTest();
    await sandbox.run(["switch", "backend"]);
    const file = projectPersona(sandbox, "testing\n");
    const below = join(sandbox.project, "a/b");
    mkdirSync(below, { recursive: true });
    const passedOver = {
      code: 0,
      stdout: "backend-engineer\n",
      stderr: `tta-persona: ${file} is not trusted, so it is passed over. Read it, then: tta-persona trust\n`,
    };
    expect(await sandbox.run(["current"], { cwd: below })).toMatchObject(passedOver);
    expect(await sandbox.run(["prompt"], { cwd: below })).toMatchObject({ ...passedOver, stderr: "" });
    expect(await sandbox.run(["current"], { cwd: below, env: { TTA_PERSONA_TRUST: "1" } })).toMatchObject({
      stdout: "testing-specialist\n",
      stderr: "",
    });

    const trusted = await sandbox.run(["trust", "--json"], { cwd: below });
    expect(documentOf(trusted)).toEqual({
      schema: "tta-persona/trust/1",
      file,
      persona: "testing-specialist",
    });
    expect(await current(sandbox, {}, below)).toBe("testing-specialist");
    writeFileSync(file, "devops\n");
    expect(await sandbox.run(["current"], { cwd: below })).toMatchObject(passedOver);
    const scopes = factsOf(sandbox).map(({ scope }) => scope);
    expect(scopes).toEqual(["global", expect.stringMatching(/^project:[0-9a-f]{14}$/)]);
  });

  test.each([
    ["nobody\n", 'There is no persona "nobody".'],
    ["two words\n", "names no persona."],
    ["backend\ntesting\n", "names no persona."],
    ["", "names no persona."],
  ])("cannot be %j", async (text, message) => {
    const sandbox = sandboxOfTest();
    const file = projectPersona(sandbox, text);
    const trusted = await sandbox.run(["trust"]);
    expect(trusted.code).toBe(2);
    expect(trusted.stderr).toContain(message);
    const { code, stderr } = await sandbox.run(["current"], { env: { TTA_PERSONA_TRUST: "1" } });
    expect(code).toBe(2);
    expect(stderr).toContain(file);
  });

  test("is written for the repository, and stays as it was where the journal cannot be written", async () => {
    const sandbox = sandboxOfTest();
    mkdirSync(join(sandbox.project, ".git"));
    const below = join(sandbox.project, "a");
    mkdirSync(below);
    const file = join(sandbox.project, ".tta-persona/persona");
    const to = (persona: string) => sandbox.run(["switch", persona, "--scope", "project"], { cwd: below });
    expect((await to("data")).stdout).toBe("Switched to 🔬 data-scientist in this project\n");
    expect(readFileSync(file, "utf8")).toBe("data-scientist\n");

    const journal = join(sandbox.home, "journal");
    rmSync(journal, { recursive: true });
    writeFileSync(journal, "in the way");
    expect((await to("devops")).code).not.toBe(0);
    expect(readFileSync(file, "utf8")).toBe("data-scientist\n");
  });

  test("ends with its file", async () => {
    const sandbox = sandboxOfTest();
    await sandbox.run(["switch", "backend"]);
    await sandbox.run(["switch", "data", "--scope", "project"]);
    const { stdout } = await sandbox.run(["end", "--scope", "project"]);
    expect(stdout).toMatch(/^Ended data-scientist in this project after /);
    expect(existsSync(join(sandbox.project, ".tta-persona/persona"))).toBe(false);
    expect(await current(sandbox)).toBe("backend-engineer");
    expect((await sandbox.run(["end", "--scope", "project"])).code).toBe(3);
  });

  test("ends with its file also where no session is left, and says so", async () => {
    const sandbox = sandboxOfTest();
    const file = projectPersona(sandbox, "data\n");
    const ended = documentOf(await sandbox.run(["end", "--scope", "project", "--json"]));
    expect(ended).toMatchObject({ persona: "data", durationSeconds: 0 });
    expect(existsSync(file)).toBe(false);
    expect((await sandbox.run(["end", "--scope", "project"])).code).toBe(3);
  });

  test("that is switched and ended by many at once has its file if, and only if, it has a session", async () => {
    const sandbox = sandboxOfTest();
    for (const round of [1, 2, 3]) {
      await sandbox.run(["switch", "backend", "--scope", "project"]);
      const done = await Promise.all(
        ["data", "end", "testing", "end", "devops", "end"].map((what) =>
          sandbox.run([...(what === "end" ? ["end"] : ["switch", what]), "--scope", "project"]),
        ),
      );
      expect(
        done.filter(({ code }) => code !== 0 && code !== 3),
        `round ${round}`,
      ).toEqual([]);
      const file = join(sandbox.project, ".tta-persona/persona");
      const facts = factsOf(sandbox).filter(({ type }) => /^persona\.(?:switched|ended)$/.test(type));
      expect(existsSync(file), `round ${round}`).toBe(facts.at(-1)?.type === "persona.switched");
    }
  });

  test("of a home that is named like a project's folder is none", async () => {
    const sandbox = sandboxOfTest();
    const env = { TTA_PERSONA_HOME: join(sandbox.userHome, ".tta-persona") };
    const cwd = join(sandbox.userHome, "work");
    mkdirSync(cwd);
    await sandbox.run(["switch", "backend"], { env, cwd });
    await sandbox.run(["switch", "data", "--scope", "project"], { env, cwd });
    expect(existsSync(join(cwd, ".tta-persona/persona"))).toBe(true);
  });
});

describe("a plain switch", () => {
  test("is the shell's where that has a persona of its own, and ends there too", async () => {
    const sandbox = sandboxOfTest();
    const env = shell("a");
    await sandbox.run(["switch", "backend"], { env });
    expect(await current(sandbox)).toBe("backend-engineer");
    await sandbox.run(["switch", "testing", "-s", "shell"], { env });
    const { stdout, stderr } = await sandbox.run(["devops"], { env });
    expect(stdout).toMatch(/^Switched to 🚀 devops-engineer in this shell from testing-specialist after /);
    expect(stderr).toBe("");
    await sandbox.run(["switch", "-"], { env });
    expect([await current(sandbox, env), await current(sandbox)]).toEqual([
      "testing-specialist",
      "backend-engineer",
    ]);
    await sandbox.run(["end"], { env });
    expect(await current(sandbox, env)).toBe("backend-engineer");
    expect((await sandbox.run(["switch", "-", "--scope", "shell"], { env })).stdout).toContain(
      "testing-specialist",
    );
  });

  test.each([
    ["TTA_PERSONA", [], { TTA_PERSONA: "data" }, 'TTA_PERSONA is "data" here'],
    [
      "the shell's",
      ["--scope", "global"],
      shell("a"),
      "This shell has a persona of its own, testing-specialist",
    ],
    ["the project's", [], {}, "This project has a persona of its own"],
  ])("that %s persona hides says so", async (_, args, env, note) => {
    const sandbox = sandboxOfTest();
    await sandbox.run(["switch", "testing", "--scope", "shell"], { env: shell("a") });
    await sandbox.run(["switch", "testing", "--scope", "project"]);
    const { code, stdout, stderr } = await sandbox.run(["switch", "backend", ...args], { env });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "Switched to ⚙️ backend-engineer\n" });
    expect(stderr).toContain(note);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  test("does not take a scope that there is not", async () => {
    const { code, stderr } = await sandboxOfTest().run(["switch", "backend", "--scope", "world"]);
    expect(code).toBe(2);
    expect(stderr).toContain("global, project or shell");
  });
});

test("the file of a project stays the link that it is, and keeps its mode; one that leads elsewhere is refused", async () => {
  const sandbox = sandboxOfTest();
  const file = projectPersona(sandbox, "data-scientist\n");
  const [shared, elsewhere] = [join(sandbox.project, "shared"), join(sandbox.userHome, "elsewhere")];
  renameSync(file, shared);
  chmodSync(shared, 0o664);
  symlinkSync("../shared", file);
  expect(await sandbox.run(["switch", "backend", "--scope", "project"])).toMatchObject({ code: 0 });
  expect(readFileSync(shared, "utf8")).toBe("backend-engineer\n");
  expect(statSync(shared).mode & 0o777).toBe(0o664);
  expect(lstatSync(file).isSymbolicLink()).toBe(true);

  writeFileSync(elsewhere, "theirs");
  rmSync(file);
  symlinkSync(elsewhere, file);
  expect(await sandbox.run(["switch", "testing", "--scope", "project"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("which is not of the project"),
  });
  expect(readFileSync(elsewhere, "utf8")).toBe("theirs");
  rmSync(elsewhere);
  expect(await sandbox.run(["switch", "testing", "--scope", "project"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`${file} is a link to ${elsewhere}, and there is nothing.`),
  });
  expect(lstatSync(file).isSymbolicLink()).toBe(true);
  expect(existsSync(elsewhere)).toBe(false);
  expect(await sandbox.run(["history"])).not.toMatchObject({ stdout: expect.stringContaining("testing") });
});

test("undo takes back the switch of the shell where that has a persona of its own, and no other", async () => {
  const sandbox = sandboxOfTest();
  await sandbox.run(["switch", "backend"]);
  await sandbox.run(["switch", "devops"]);
  const env = shell("u");
  await sandbox.run(["switch", "data", "--scope", "shell"], { env });
  await sandbox.run(["switch", "testing"], { env });
  const undone = await sandbox.run(["undo", "--json"], { env });
  expect(documentOf(undone)).toMatchObject({ persona: "data-scientist", from: "testing-specialist" });
  expect(await current(sandbox, env)).toBe("data-scientist");
  expect(await current(sandbox)).toBe("devops-engineer");

  const fresh = shell("v");
  await sandbox.run(["switch", "data", "--scope", "shell"], { env: fresh });
  expect((await sandbox.run(["undo"], { env: fresh })).stdout).toMatch(
    /^Ended data-scientist in this shell;/,
  );
  expect(await current(sandbox, fresh)).toBe("devops-engineer");
});

test("agent tools follow the global persona only", async () => {
  const sandbox = sandboxOfTest();
  const file = join(sandbox.project, ".cursor/mcp.json");
  mkdirSync(dirname(file));
  const named = (persona: string) =>
    `{"mcpServers": {"h": {"command": "npx", "args": ["hypertool-mcp", "--persona", "${persona}"]}}}`;
  writeFileSync(file, named("x"));
  await sandbox.run(["config", "set", "apply.targets", "cursor"]);
  await sandbox.run(["switch", "backend"]);
  expect(readFileSync(file, "utf8")).toBe(named("backend-engineer"));
  const env = shell("a");
  const own = await sandbox.run(["switch", "testing", "--scope", "shell"], { env });
  const hot = await sandbox.run(["switch", "data"], { env });
  const cold = await sandbox.runCold(["switch", "testing"], { env });
  for (const { code, stdout, stderr } of [own, hot, cold]) {
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^Switched to .* in this shell.*\n$/);
  }
  await sandbox.run(["switch", "devops", "--scope", "project"]);
  expect(readFileSync(file, "utf8")).toBe(named("backend-engineer"));
  const refused = await sandbox.run(["switch", "data", "--client", "cursor"], { env });
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("exec --persona") });
});

test("two shells and a project record three sessions at the same time", async () => {
  const sandbox = sandboxOfTest();
  const record = (env: Record<string, string>) =>
    sandbox.run(["tokens", "record", "--model", "m", "--input", "10", "--output", "0"], { env });
  const steps = [
    async () => {
      await sandbox.run(["switch", "backend", "--scope", "shell"], { env: shell("a") });
      await record(shell("a"));
      await sandbox.run(["switch", "frontend"], { env: shell("a") });
      await sandbox.run(["end"], { env: shell("a") });
    },
    async () => {
      await sandbox.run(["switch", "testing", "--scope", "shell"], { env: shell("b") });
      await record(shell("b"));
      await sandbox.run(["end"], { env: shell("b") });
    },
    async () => {
      await sandbox.run(["switch", "data", "--scope", "project"]);
      await record({});
      await sandbox.run(["end", "--scope", "project"]);
    },
  ];
  await Promise.all(steps.map((step) => step()));

  const facts = factsOf(sandbox);
  const told = [...new Set(facts.map(({ scope }) => scope))].map((scope) => [
    scope.replace(/:.*/, ":"),
    facts
      .filter((fact) => fact.scope === scope)
      .map(({ type, data }) => `${type} ${data.persona ?? ""}`.trim()),
  ]);
  expect(new Set(told.map((entry) => JSON.stringify(entry)))).toEqual(
    new Set(
      [
        [
          "shell:",
          [
            "persona.switched backend-engineer",
            "llm.called backend-engineer",
            "persona.switched frontend-engineer",
            "persona.ended",
          ],
        ],
        ["shell:", ["persona.switched testing-specialist", "llm.called testing-specialist", "persona.ended"]],
        ["project:", ["persona.switched data-scientist", "llm.called data-scientist", "persona.ended"]],
      ].map((entry) => JSON.stringify(entry)),
    ),
  );
  const switches = (from: string, to: string) =>
    metricOf(
      sandbox,
      `hypertool_persona_switches_total{from_persona="${from}",to_persona="${to}",chatmode="default"}`,
    );
  const durations = (persona: string) =>
    metricOf(sandbox, `hypertool_persona_duration_seconds_count{persona="${persona}",chatmode="default"}`);
  expect([
    await switches("none", "backend-engineer"),
    await switches("backend-engineer", "frontend-engineer"),
    await switches("none", "testing-specialist"),
    await switches("none", "data-scientist"),
  ]).toEqual([1, 1, 1, 1]);
  expect([
    await durations("backend-engineer"),
    await durations("frontend-engineer"),
    await durations("testing-specialist"),
    await durations("data-scientist"),
  ]).toEqual([1, 1, 1, 1]);

  const history = async (args: readonly string[], env: Record<string, string> = {}) => {
    const { entries } = documentOf(await sandbox.run(["history", "--json", ...args], { env }));
    return (entries as { to: string }[]).map(({ to }) => to);
  };
  expect(await history(["--scope", "shell"], shell("a"))).toEqual([
    "backend-engineer",
    "frontend-engineer",
    "none",
  ]);
  expect(await history(["--scope", "shell"], shell("b"))).toEqual(["testing-specialist", "none"]);
  expect(await history(["--scope", "project"])).toEqual(["data-scientist", "none"]);
  expect(await history([])).toHaveLength(7);
});

test("20 shells that switch at once do not disturb each other", async () => {
  const sandbox = sandboxOfTest();
  await sandbox.run(["switch", "observability"]);
  const personas = ["backend-engineer", "frontend-engineer", "devops-engineer", "testing-specialist"];
  const shells = Array.from({ length: 20 }, (_, index) => ({
    env: shell(`s${index}`),
    persona: personas[index % personas.length] ?? "",
  }));
  await Promise.all(
    shells.map(async ({ env, persona }) => {
      await sandbox.run(["switch", "data", "--scope", "shell"], { env });
      await sandbox.run(["switch", persona], { env });
    }),
  );
  for (const { env, persona } of shells) {
    const file = join(sandbox.home, "state/shells", env.TTA_PERSONA_SHELL);
    expect([await current(sandbox, env), readFileSync(file, "utf8")]).toEqual([persona, `${persona}\n`]);
  }
  expect(await current(sandbox)).toBe("observability-expert");
  const total = await Promise.all(
    personas.map((persona) =>
      metricOf(
        sandbox,
        `hypertool_persona_switches_total{from_persona="data-scientist",to_persona="${persona}",chatmode="default"}`,
      ),
    ),
  );
  expect(total).toEqual([5, 5, 5, 5]);
});

describe("a shell that is gone", () => {
  test("has its session ended by the next one, at its last fact", async () => {
    const sandbox = sandboxOfTest();
    const dead = spawn("sleep", ["60"], { stdio: "ignore" });
    const env = { TTA_PERSONA_SHELL: `${dead.pid}-a` };
    await sandbox.run(["switch", "backend", "--scope", "shell"], { env });
    await sandbox.run(["switch", "testing", "--scope", "shell"], { env: shell("a") });
    dead.kill("SIGKILL");
    await once(dead, "exit");
    await sandbox.run(["shell-init", "bash"]);
    const ended = factsOf(sandbox).filter(({ type }) => type === "persona.ended");
    expect(ended).toMatchObject([{ scope: `shell:${dead.pid}-a`, data: { reason: "gone" } }]);
    expect(existsSync(join(sandbox.home, "state/shells", `${dead.pid}-a`))).toBe(false);
    expect(await current(sandbox, shell("a"))).toBe("testing-specialist");
  });

  test("is left to others where the home cannot be written", async () => {
    const sandbox = sandboxOfTest();
    await sandbox.run(["switch", "backend"]);
    const dead = spawn("true", { stdio: "ignore" });
    await sandbox.run(["switch", "backend", "--scope", "shell"], {
      env: { TTA_PERSONA_SHELL: `${dead.pid}-a` },
    });
    const { code, stdout } = await sandbox.run(["shell-init", "zsh"], { nodeArgs: ["--require", READ_ONLY] });
    expect(code).toBe(0);
    expect(stdout).toContain("tta_persona_prompt");
  });
});
