import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import type { RunOptions, Sandbox } from "../support/run-binary.ts";
import { waitFor } from "../support/wait-for.ts";
import { documentOf, sandboxOfTest } from "./sandboxes.ts";

const auditor = {
  name: "auditor",
  allowedServers: ["git"],
  allowedTools: { github: ["get_*"] },
  restrictedPaths: ["secret/**"],
  security: { requireApprovalFor: ["file_delete"] },
};

/** A sandbox whose project has a persona of its own, in JSON or YAML (which is JSON, too), and it is active. */
async function guarded(fileName = "auditor.json"): Promise<Sandbox> {
  const sandbox = sandboxOfTest();
  const directory = join(sandbox.project, ".tta-persona", "personas");
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, fileName), JSON.stringify(auditor));
  expect((await sandbox.run(["switch", "auditor"])).code).toBe(0);
  return sandbox;
}

const plain = (request: object): RunOptions => ({ stdin: JSON.stringify(request) });

const hook = (tool: string, input: object, cwd: string): RunOptions => ({
  stdin: JSON.stringify({
    session_id: "s",
    transcript_path: "/t",
    cwd,
    permission_mode: "default",
    hook_event_name: "PreToolUse",
    tool_name: tool,
    tool_input: input,
    tool_use_id: "u",
  }),
});

describe.each([
  ["the bundle of its own, by a JSON definition", "auditor.json", "run"],
  ["the full program, by a YAML definition", "auditor.yaml", "run"],
  ["the full program, without the launcher", "auditor.json", "runCold"],
] as const)("by %s", (_, fileName, how) => {
  test("Claude Code is answered in its terms, and gets no answer where nothing speaks against a tool", async () => {
    const sandbox = await guarded(fileName);
    const { project } = sandbox;
    const answer = async (tool: string, input: object) => {
      const { code, stdout, stderr } = await sandbox[how](["guard"], hook(tool, input, project));
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      if (stdout === "") return undefined;
      const { hookSpecificOutput } = JSON.parse(stdout) as {
        hookSpecificOutput: {
          hookEventName: string;
          permissionDecision: string;
          permissionDecisionReason: string;
        };
      };
      expect(hookSpecificOutput.hookEventName).toBe("PreToolUse");
      expect(hookSpecificOutput.permissionDecisionReason).toMatch(/^tta-persona: .+\.$/);
      return hookSpecificOutput.permissionDecision;
    };
    expect(await answer("Read", { file_path: `${project}/secret/a` })).toBe("deny");
    expect(await answer("Write", { file_path: `${project}/SECRET/new`, content: "x" })).toBe("deny");
    expect(await answer("Read", { file_path: `${project}/src/a` })).toBeUndefined();
    expect(await answer("Bash", { command: "rm a" })).toBe("ask");
    expect(await answer("Bash", { command: "cat secret/a && rm a" })).toBe("deny");
    expect(await answer("mcp__git__anything", {})).toBeUndefined();
    expect(await answer("mcp__github__get_commit", {})).toBeUndefined();
    expect(await answer("mcp__github__push_files", {})).toBe("deny");
    expect(await answer("mcp__shell__run", {})).toBe("deny");
    expect(await answer("mcp__git__rm", { path: "secret/a" })).toBe("deny");
    expect(await answer("mcp__git__delete_branch", {})).toBe("ask");
  });

  test("others are answered plainly, with the rule", async () => {
    const sandbox = await guarded(fileName);
    const denied = await sandbox[how](
      ["guard"],
      plain({ tool: "open", path: "./secret/../secret/a", cwd: sandbox.project }),
    );
    expect(denied).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(denied.stdout)).toEqual({
      decision: "deny",
      rule: "restrictedPaths: secret/**",
      reason: expect.stringContaining("secret/**"),
    });
    const allowed = await sandbox[how](["guard"], plain({ tool: "get_commit", server: "github" }));
    expect(JSON.parse(allowed.stdout)).toMatchObject({ decision: "allow", rule: null });
    const other = await sandbox[how](["guard"], plain({ tool: "push_files", server: "github" }));
    expect(JSON.parse(other.stdout)).toMatchObject({ decision: "deny", rule: "allowedTools: github" });
  });
});

test.each([
  ["nothing", ""],
  ["no JSON", "{"],
  ["a list", "[]"],
  ["no tool", "{}"],
  ["a tool that is no text", '{"tool_name": 1}'],
  ["an input that is no object", '{"tool_name": "Read", "tool_input": "x"}'],
  ["a relative directory", '{"tool": "Read", "cwd": "src"}'],
])("%s for a request blocks the tool: exit code 2, a reason, nothing on stdout", async (_, stdin) => {
  const sandbox = await guarded();
  for (const how of ["run", "runCold"] as const) {
    const result = await sandbox[how](["guard"], { stdin });
    expect(result).toMatchObject({ code: 2, stdout: "" });
    expect(result.stderr).toMatch(
      /^tta-persona: the guard cannot answer this request: .*The tool is not allowed\.\n$/,
    );
  }
});

test("without an active persona everything is allowed", async () => {
  const sandbox = sandboxOfTest();
  expect(await sandbox.run(["guard"], hook("Read", { file_path: "/.env" }, sandbox.project))).toMatchObject({
    code: 0,
    stdout: "",
    stderr: "",
  });
  expect(JSON.parse((await sandbox.run(["guard"], plain({ tool: "x", path: ".env" }))).stdout)).toMatchObject(
    { decision: "allow", rule: null },
  );
});

test("the persona in force counts, with and without the launcher's short cut", async () => {
  const sandbox = await guarded();
  const { run, project } = sandbox;
  const ask = async (path: string, env: Record<string, string> = {}) => {
    const answers = [];
    for (const how of ["run", "runCold"] as const) {
      const { stdout } = await sandbox[how](["guard"], {
        ...plain({ tool: "Read", path, cwd: project }),
        env,
      });
      answers.push((JSON.parse(stdout) as { decision: string }).decision);
    }
    expect(answers[0]).toBe(answers[1]);
    return answers[0];
  };
  const shell = { TTA_PERSONA_SHELL: `${process.pid}-guard` };
  expect((await run(["switch", "frontend", "--scope", "shell"], { env: shell })).code).toBe(0);

  // The global one is the auditor, the shell's the frontend engineer.
  expect(await ask("secret/a")).toBe("deny");
  expect(await ask("secret/a", shell)).toBe("allow");
  expect(await ask("backend/a", shell)).toBe("deny");
  // The environment goes before both.
  expect(await ask("backend/a", { ...shell, TTA_PERSONA: "backend-engineer" })).toBe("allow");
  expect(await ask("frontend/a", { TTA_PERSONA: "backend" })).toBe("deny");
  // A project's counts once it is trusted.
  const file = join(project, ".tta-persona/persona");
  writeFileSync(file, "backend-engineer\n");
  expect(await ask("frontend/a")).toBe("allow");
  expect((await run(["trust", file])).code).toBe(0);
  expect(await ask("frontend/a")).toBe("deny");
  expect(await ask("secret/a")).toBe("allow");
  expect(await ask("frontend/a", shell)).toBe("allow");
});

/** What the guard says, the same with and without the launcher's short cut. */
async function decisionOf(sandbox: Sandbox, request: object, options: RunOptions = {}): Promise<Answer> {
  const [hot, full] = await Promise.all(
    (["run", "runCold"] as const).map(async (how) => {
      const { code, stdout, stderr } = await sandbox[how](["guard"], { ...plain(request), ...options });
      expect(code, stderr).toBe(0);
      const answer = JSON.parse(stdout) as Answer;
      expect(stderr).toBe(answer.rule === "rules-unknown" ? `tta-persona: ${answer.reason}\n` : "");
      return answer;
    }),
  );
  expect(hot).toEqual(full);
  return hot ?? { decision: "", rule: null, reason: "" };
}

interface Answer {
  readonly decision: string;
  readonly rule: string | null;
  readonly reason: string;
}

describe("where nobody knows who is active, each tool is left to a person, who is told why", () => {
  const read = (sandbox: Sandbox, options: RunOptions = {}, more: object = {}) =>
    decisionOf(sandbox, { tool: "Read", path: "src/a", cwd: sandbox.project, ...more }, options);
  const asked = (reason: string) => ({
    decision: "ask",
    rule: "rules-unknown",
    reason: expect.stringContaining(reason),
  });

  test.each([["nobody"], ["No Name"], ["-"], ["../x"]])("TTA_PERSONA=%s", async (name) => {
    const sandbox = await guarded();
    expect(await read(sandbox, { env: { TTA_PERSONA: name } })).toMatchObject(asked(`TTA_PERSONA: `));
    const { decisions } = documentOf(await sandbox.run(["guard", "log", "--json"])) as {
      decisions: object[];
    };
    expect(decisions).toHaveLength(2);
  });

  test("TTA_PERSONA=<a project's> outside of that project, unless the project is asked as well", async () => {
    const sandbox = await guarded();
    const env = { TTA_PERSONA: "auditor" };
    const elsewhere = { cwd: sandbox.userHome };
    expect(await read(sandbox, { env, ...elsewhere }, elsewhere)).toMatchObject(asked('"auditor"'));
    const within = { ...elsewhere, projectDir: sandbox.project };
    expect(await read(sandbox, { env, ...elsewhere }, within)).toMatchObject({ decision: "allow" });
    const secret = { ...within, path: join(sandbox.project, "secret/a") };
    expect(await read(sandbox, { env, ...elsewhere }, secret)).toMatchObject({ decision: "deny" });
  });

  test("a trusted project whose persona's definition is broken, or is gone", async () => {
    const sandbox = await guarded();
    const { project } = sandbox;
    writeFileSync(join(project, ".tta-persona/persona"), "auditor\n");
    expect((await sandbox.run(["trust"])).code).toBe(0);
    const definition = join(project, ".tta-persona/personas/auditor.json");
    writeFileSync(definition, '{"name": "auditor", "restrictedPaths": 1}');
    expect(await read(sandbox)).toMatchObject(asked(`${definition}:1:`));
    rmSync(definition);
    expect(await read(sandbox)).toMatchObject(asked('no persona "auditor"'));
    const explained = await sandbox.run(["guard", "--explain"]);
    expect(explained).toMatchObject({ code: 0, stdout: expect.stringContaining("Every tool is asked for.") });
  });
});

describe("an agent does not get out of its persona", () => {
  const open = (name: string, more: object = {}) => JSON.stringify({ name, ...more });
  const plant = (file: string, text: string) => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  };

  test("by a definition that takes the place of a built-in one: untrusted, it only takes away", async () => {
    const sandbox = sandboxOfTest();
    const { run, project } = sandbox;
    expect((await run(["switch", "backend-engineer"])).code).toBe(0);
    const read = (path: string) => decisionOf(sandbox, { tool: "Read", path, cwd: project });
    const use = () => decisionOf(sandbox, { tool: "x", server: "other", cwd: project });
    expect((await read("frontend/a")).decision).toBe("deny");
    for (const folder of [".hypertool", ".tta-persona"]) {
      const file = join(project, folder, "personas", "mine.json");
      plant(file, open("backend-engineer", { allowedServers: ["other"], restrictedPaths: ["docs/**"] }));
      expect((await read("frontend/a")).decision).toBe("deny");
      expect((await use()).decision).toBe("deny");
      expect(await read("docs/a")).toMatchObject({ decision: "deny", rule: "restrictedPaths: docs/**" });
      expect((await read("src/a")).decision).toBe("allow");
    }
    const file = join(project, ".tta-persona/personas/mine.json");
    const explained = documentOf(await run(["guard", "--explain", "--json"]));
    expect(explained.rules).toMatchObject({ restrictedPaths: ["docs/**"] });
    expect(explained.alsoRules).toHaveLength(2);
    // A person has read it.
    expect((await run(["trust", file])).code).toBe(0);
    expect((await read("frontend/a")).decision).toBe("allow");
    expect((await use()).decision).toBe("allow");
    // And does not know what it has become.
    writeFileSync(file, open("backend-engineer"));
    expect((await read("frontend/a")).decision).toBe("deny");
    expect(await read("src/a")).toMatchObject({ decision: "ask", rule: "rules-unknown" });
  });

  test.each(["near.json", "near.yaml"])("by one in a directory below the project's: %s", async (name) => {
    const sandbox = await guarded();
    const below = join(sandbox.project, "sub/dir");
    const far = join(sandbox.project, ".tta-persona/personas/auditor.json");
    const read = (path: string) => decisionOf(sandbox, { tool: "Read", path, cwd: below });
    mkdirSync(join(below, ".tta-persona/personas"), { recursive: true });
    expect((await read("../../secret/a")).decision).toBe("deny");
    plant(join(below, ".tta-persona/personas", name), open("auditor"));
    expect((await read("../../secret/a")).decision).toBe("deny");
    expect((await sandbox.run(["trust", far])).code).toBe(0);
    expect((await read("../../secret/a")).decision).toBe("deny");
    expect((await read("src/a")).decision).toBe("allow");
  });

  test("by changing the only definition there is, once it was trusted", async () => {
    const sandbox = await guarded();
    const file = join(sandbox.project, ".tta-persona/personas/auditor.json");
    const read = () => decisionOf(sandbox, { tool: "Read", path: "secret/a", cwd: sandbox.project });
    expect((await sandbox.run(["trust", file])).code).toBe(0);
    expect((await read()).decision).toBe("deny");
    writeFileSync(file, open("auditor"));
    expect(await read()).toMatchObject({ decision: "ask", rule: "rules-unknown" });
  });

  test("by a file that names another one, nearer or in the place of what was trusted", async () => {
    const sandbox = await guarded();
    const { run, project } = sandbox;
    const named = join(project, ".tta-persona/persona");
    writeFileSync(named, "auditor\n");
    expect((await run(["trust"])).code).toBe(0);
    expect((await run(["end"])).code).toBe(0);
    const below = join(project, "sub");
    const read = () => decisionOf(sandbox, { tool: "Read", path: "../secret/a", cwd: below });
    plant(join(below, ".tta-persona/persona"), "frontend-engineer\n");
    expect((await read()).decision).toBe("deny");
    expect((await run(["current"], { cwd: below })).stdout).toBe("auditor\n");
    writeFileSync(named, "frontend-engineer\n");
    expect(await read()).toMatchObject({ decision: "ask", rule: "rules-unknown" });
  });

  test("by working somewhere else", async () => {
    const sandbox = await guarded();
    const { project, userHome } = sandbox;
    writeFileSync(join(project, ".tta-persona/persona"), "auditor\n");
    expect((await sandbox.run(["trust"])).code).toBe(0);
    expect((await sandbox.run(["end"])).code).toBe(0);
    const secret = { tool: "Read", path: join(project, "secret/a"), cwd: userHome };
    const other = { ...secret, path: "src/a" };
    const elsewhere = { cwd: userHome };
    for (const [request, options] of [
      [{ projectDir: project }, elsewhere],
      [{}, { ...elsewhere, env: { CLAUDE_PROJECT_DIR: project } }],
      // Where the agent was started.
      [{}, {}],
    ] as const) {
      expect((await decisionOf(sandbox, { ...secret, ...request }, options)).decision).toBe("deny");
      expect((await decisionOf(sandbox, { ...other, ...request }, options)).decision).toBe("allow");
    }
    expect((await decisionOf(sandbox, secret, elsewhere)).decision).toBe("allow");
  });

  test("by going to a project within, trusted with a persona that may do more", async () => {
    const sandbox = await guarded();
    const { project, run } = sandbox;
    writeFileSync(join(project, ".tta-persona/persona"), "auditor\n");
    expect((await run(["trust"])).code).toBe(0);
    const nested = join(project, "packages/web");
    plant(join(nested, ".tta-persona/persona"), "backend-engineer\n");
    expect((await run(["trust"], { cwd: nested })).code).toBe(0);
    const secret = { tool: "Read", path: join(project, "secret/a"), cwd: join(nested, "src") };
    const claude = { cwd: nested, env: { CLAUDE_PROJECT_DIR: project } };
    expect((await decisionOf(sandbox, secret, claude)).decision).toBe("deny");
    expect((await decisionOf(sandbox, { ...secret, path: "frontend/a" }, claude)).decision).toBe("deny");
    expect((await decisionOf(sandbox, { ...secret, path: "a" }, claude)).decision).toBe("allow");
    // An agent that begins there is under that persona alone.
    const own = { ...claude, env: { CLAUDE_PROJECT_DIR: nested } };
    expect((await decisionOf(sandbox, secret, own)).decision).toBe("allow");
  });

  test("by a definition that a tool writes, moves or takes away without being asked for", async () => {
    const sandbox = await guarded();
    const { project, userHome } = sandbox;
    for (const path of [
      "sub/.tta-persona/personas/auditor.json",
      "sub/.tta-persona/persona",
      "sub/.hypertool/personas/auditor.json",
      join(userHome, ".claude/settings.json"),
      ".tta-persona",
    ]) {
      const write = { tool: "Write", path, cwd: project };
      expect(await decisionOf(sandbox, write), path).toMatchObject({ decision: "ask", rule: "own-files" });
    }
    for (const command of ["mv other sub/.tta-persona", "cd sub; mv .tta-persona/ x"]) {
      const bash = { tool: "Bash", input: { command }, cwd: project };
      expect(await decisionOf(sandbox, bash), command).toMatchObject({ decision: "ask", rule: "own-files" });
    }
    const workflow = { tool: "Write", path: ".tta-persona/workflows/a.yaml", cwd: project };
    expect((await decisionOf(sandbox, workflow)).decision).toBe("allow");
  });
});

test("rules that cannot be known leave every decision to a person", async () => {
  const sandbox = await guarded();
  const file = join(sandbox.project, ".tta-persona/personas/auditor.json");
  writeFileSync(file, '{"name": "auditor", "restrictedPaths": 1}');
  const broken = JSON.parse((await sandbox.run(["guard"], plain({ tool: "Read", path: "a" }))).stdout);
  expect(broken).toMatchObject({
    decision: "ask",
    rule: "rules-unknown",
    reason: expect.stringContaining(`${file}:1:`),
  });
  const elsewhere = await sandbox.run(["guard"], plain({ tool: "Read", path: "a", cwd: sandbox.userHome }));
  expect(JSON.parse(elsewhere.stdout)).toMatchObject({ decision: "ask", rule: "rules-unknown" });
});

test("what is no file where a persona's or a setting's should be is not waited for", async () => {
  const sandbox = await guarded();
  const { project, home } = sandbox;
  const pipe = (path: string) => execFileSync("mkfifo", [path]);
  const ask = async () => {
    const { stdout } = await sandbox.run(["guard"], plain({ tool: "Read", path: "secret/a" }));
    return (JSON.parse(stdout) as { decision: string }).decision;
  };
  pipe(join(project, ".tta-persona/persona"));
  expect(await ask()).toBe("deny");
  pipe(join(project, ".tta-persona/settings.yaml"));
  pipe(join(home, "config.json"));
  expect(await ask()).toBe("deny");
  pipe(join(project, ".tta-persona/personas/other.json"));
  expect(await ask()).toBe("deny");
  // A link to a device, of which nobody reads the end.
  rmSync(join(project, ".tta-persona/persona"));
  symlinkSync("/dev/zero", join(project, ".tta-persona/persona"));
  expect(await ask()).toBe("deny");
});

test("a request that comes slowly, and a long one, are read to their end", async () => {
  const sandbox = await guarded();
  const running = sandbox.spawn(["guard"], { stdin: { open: true } });
  running.child.stdin.write('{"tool": "Read", ');
  await waitFor(() => running.child.pid !== undefined && existsSync(`/proc/${running.child.pid}/cwd`), {
    what: "the guard",
  });
  running.child.stdin.end(`"input": {"text": "${"x".repeat(3_000_000)}"}, "path": "secret/a"}`);
  expect(JSON.parse((await running.result).stdout)).toMatchObject({ decision: "deny" });
});

test.skipIf(process.getuid?.() === 0)(
  "a home that cannot be written changes no decision, and is told",
  async () => {
    const sandbox = await guarded();
    chmodSync(join(sandbox.home, "journal"), 0o500);
    const result = await sandbox.run(["guard"], plain({ tool: "Read", path: "secret/a" }));
    chmodSync(join(sandbox.home, "journal"), 0o700);
    expect(JSON.parse(result.stdout)).toMatchObject({ decision: "deny" });
  },
);

describe("guard log", () => {
  test("tells what was denied and asked for, and nothing of what a command or a file holds", async () => {
    const sandbox = await guarded();
    const { run, project } = sandbox;
    const token = `ghp_${"a1B2".repeat(9)}`;
    await run(
      ["guard"],
      hook("Write", { file_path: `${project}/secret/${token}`, content: "the content" }, project),
    );
    await run(["guard"], hook("Bash", { command: "rm the-file --password hunter2" }, project));
    await run(["guard"], hook("Read", { file_path: `${project}/src/a` }, project));
    const { decisions } = documentOf(await run(["guard", "log", "--json"])) as {
      decisions: Record<string, unknown>[];
    };
    expect(decisions).toMatchObject([
      {
        persona: "auditor",
        chatmode: "default",
        tool: "Write",
        decision: "deny",
        rule: "restrictedPaths: secret/**",
      },
      { tool: "Bash", decision: "ask", rule: "requireApprovalFor: file_delete", path: null },
    ]);
    expect(decisions[0]?.path).toBe(`${project}/secret/***`);
    const journal = readdirSync(join(sandbox.home, "journal"))
      .map((name) => readFileSync(join(sandbox.home, "journal", name), "utf8"))
      .join();
    for (const text of [token, "the content", "the-file", "hunter2"]) expect(journal).not.toContain(text);

    const text = (await run(["guard", "log", "--decision", "ask"])).stdout;
    expect(text).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d {2}ask {2}auditor {2}Bash {2}requireApprovalFor: file_delete\n$/,
    );
    expect((await run(["guard", "log", "--limit", "1", "--json"])).stdout).toContain('"Bash"');
    expect((await run(["guard", "log", "--persona", "nobody"])).stdout).toBe(
      "The guard has neither denied nor asked for anything.\n",
    );
    expect((await run(["guard", "log", "--decision", "allow"])).code).toBe(2);
  });
});

test("--explain says the rules, and plainly what cannot be enforced", async () => {
  const { run } = await guarded();
  const text = (await run(["guard", "--explain"])).stdout;
  for (const part of ["secret/**", "file_delete", "get_*", "What it cannot enforce", "hard link"])
    expect(text).toContain(part);
  const document = documentOf(await run(["guard", "--explain", "--json"]));
  expect(document).toMatchObject({ persona: "auditor", rules: { restrictedPaths: ["secret/**"] } });
});

describe("guard install", () => {
  test("writes the project's settings once, keeps mode and links, and takes it out again", async () => {
    const { run, project } = sandboxOfTest();
    mkdirSync(join(project, ".claude"));
    const target = join(project, "settings-elsewhere.json");
    const before = '{\n  // mine\n  "agent": "x"\n}\n';
    writeFileSync(target, before);
    chmodSync(target, 0o664);
    const file = join(project, ".claude/settings.json");
    symlinkSync(target, file);

    const dry = documentOf(await run(["guard", "install", "--dry-run", "--json"]));
    expect(dry).toMatchObject({ changed: true, dryRun: true, file: target });
    expect(readFileSync(target, "utf8")).toBe(before);

    expect(documentOf(await run(["guard", "install", "--json"]))).toMatchObject({ changed: true });
    expect(documentOf(await run(["guard", "install", "--json"]))).toMatchObject({ changed: false });
    expect(readFileSync(file, "utf8")).toContain("// mine");
    expect(readFileSync(target, "utf8").split("tta-persona guard")).toHaveLength(2);
    expect(statSync(target).mode & 0o777).toBe(0o664);

    expect(documentOf(await run(["guard", "uninstall", "--json"]))).toMatchObject({ changed: true });
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  test("--local writes the user's own settings alone", async () => {
    const { run, project } = sandboxOfTest();
    const file = join(project, ".claude/settings.local.json");
    expect(documentOf(await run(["guard", "install", "--local", "--json"]))).toMatchObject({
      file,
      changed: true,
    });
    expect(existsSync(join(project, ".claude/settings.json"))).toBe(false);
    expect(documentOf(await run(["guard", "uninstall", "--local", "--json"]))).toMatchObject({
      file,
      changed: true,
    });
  });

  test("changes nothing that it cannot understand", async () => {
    const { run, project } = sandboxOfTest();
    mkdirSync(join(project, ".claude"));
    writeFileSync(join(project, ".claude/settings.json"), '{\n  "hooks": {,}\n}');
    const result = await run(["guard", "install"]);
    expect(result).toMatchObject({ code: 2, stdout: "" });
    expect(result.stderr).toContain(".claude/settings.json:2:13");
  });

  test("keeps a byte order mark", async () => {
    const { run, project } = sandboxOfTest();
    mkdirSync(join(project, ".claude"));
    const file = join(project, ".claude/settings.json");
    writeFileSync(file, '\uFEFF{"agent": "x"}\r\n');
    expect((await run(["guard", "install"])).code).toBe(0);
    expect(readFileSync(file, "utf8")).toMatch(/^\uFEFF\{"agent": "x",.*tta-persona guard.*\}\r\n$/s);
    expect((await run(["guard", "uninstall"])).code).toBe(0);
    expect(readFileSync(file, "utf8")).toBe('\uFEFF{"agent": "x"}\r\n');
  });

  const settings = '{"agent": "x"}\n';
  test.each([
    [
      "is not UTF-8",
      "broken-settings",
      (file: string) => writeFileSync(file, Buffer.from([0x7b, 0xff, 0x7d])),
    ],
    ["is read-only", "read-only", (file: string) => writeFileSync(file, settings, { mode: 0o444 })],
    [
      "has another name",
      "hard-link",
      (file: string) => {
        writeFileSync(file, settings);
        linkSync(file, `${file}.other`);
      },
    ],
    ["is a link to nothing", "dangling-link", (file: string) => symlinkSync("nowhere.json", file)],
    ["is a directory", "no-file", (file: string) => mkdirSync(file)],
    ["is a pipe", "no-file", (file: string) => execFileSync("mkfifo", [file])],
    ["is nested too deeply", "broken-settings", (file: string) => writeFileSync(file, "[".repeat(100_000))],
  ])("leaves a file alone that %s", async (_, reason, make) => {
    const { run, project } = sandboxOfTest();
    mkdirSync(join(project, ".claude"));
    const file = join(project, ".claude/settings.json");
    make(file);
    const look = () => {
      const stat = lstatSync(file);
      return [stat.ino, stat.mode, stat.mtimeMs, readdirSync(join(project, ".claude"))];
    };
    const before = look();
    for (const command of ["install", "uninstall"]) {
      const result = await run(["guard", command, "--json"]);
      expect(result.code).toBe(2);
      expect(JSON.parse(result.stdout || result.stderr)).toMatchObject({ error: { reason } });
    }
    expect(look()).toEqual(before);
  });
});
