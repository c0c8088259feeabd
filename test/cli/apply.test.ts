import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { targets } from "../../src/apply/targets.ts";
import { APPLY_CLIENTS } from "../../src/config/keys.ts";
import type { Sandbox } from "../support/run-binary.ts";
import { waitFor } from "../support/wait-for.ts";
import { contentsOf, documentOf, sandboxOfTest } from "./sandboxes.ts";

const config = (persona: string, key = "mcpServers") =>
  `{\n  "${key}": {"h": {"args": ["hypertool-mcp", "--persona", "${persona}"]}}\n}\n`;

function write(root: string, path: string, content: string): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

const cursorOf = ({ userHome }: Sandbox, persona = "old") =>
  write(userHome, ".cursor/mcp.json", config(persona));
const personaIn = (file: string) => /--persona", "([^"]*)"/.exec(readFileSync(file, "utf8"))?.[1];

async function enable({ run }: Sandbox, clients: string): Promise<void> {
  expect(await run(["config", "set", "apply.targets", clients])).toMatchObject({ code: 0 });
}

test("the setting names the targets that there are", () => {
  expect(targets.map(({ client }) => client)).toEqual([...APPLY_CLIENTS]);
});

test("the first switch finds Hypertool, remembers it, and is real; what starts none is left alone", async () => {
  const sandbox = sandboxOfTest();
  const cursor = cursorOf(sandbox);
  const vscode = write(sandbox.project, ".vscode/mcp.json", config("old", "servers"));
  const gemini = write(
    sandbox.userHome,
    ".gemini/settings.json",
    '{"mcpServers": {"x": {"args": ["--persona", "x"]}}}',
  );
  const foreseen = await sandbox.run(["backend", "--dry-run"]);
  expect(foreseen.stdout).toContain(
    '+  "mcpServers": {"h": {"args": ["hypertool-mcp", "--persona", "backend-engineer"]}}',
  );
  expect(foreseen.stdout).toMatch(/^--- .*\.vscode\/mcp\.json$/m);
  expect(contentsOf(sandbox.home)).toEqual({});
  expect(personaIn(cursor)).toBe("old");

  const first = await sandbox.run(["backend"]);
  expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining("cursor, vscode from now on") });
  expect(first.stdout).toMatch(/^Switched to .*\n {2}cursor +~\/.cursor\/mcp.json +changed; /);
  expect([personaIn(cursor), personaIn(vscode)]).toEqual(["backend-engineer", "backend-engineer"]);
  expect(readFileSync(gemini, "utf8")).toContain('"--persona", "x"');
  expect((await sandbox.run(["config", "get", "apply.targets"])).stdout).toBe("cursor,vscode\n");

  const second = documentOf(await sandbox.run(["testing", "--json"]));
  expect(second).toMatchObject({ applied: [{ client: "cursor", outcome: "changed" }, { client: "vscode" }] });
  expect(personaIn(cursor)).toBe("testing-specialist");
});

test("nothing is looked for in CI, nor where the user said none, nor after the first switch", async () => {
  const inCi = sandboxOfTest();
  const file = cursorOf(inCi);
  await inCi.run(["backend"], { env: { CI: "1" } });
  expect(personaIn(file)).toBe("old");
  await inCi.run(["testing"]);
  expect(personaIn(file)).toBe("old");

  const none = sandboxOfTest();
  const left = cursorOf(none);
  await enable(none, "none");
  expect(await none.run(["backend"])).toMatchObject({ code: 0, stderr: "" });
  expect(personaIn(left)).toBe("old");
});

test("a switch to a file that cannot be edited is refused before it is made", async () => {
  const sandbox = sandboxOfTest();
  const file = cursorOf(sandbox);
  await sandbox.run(["backend"]);
  writeFileSync(file, '{\n  "mcpServers": {\n');
  const { code, stdout, stderr } = await sandbox.run(["testing"]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain(`${file}:3:1: `);
  expect((await sandbox.run(["current"])).stdout).toBe("backend-engineer\n");
  expect(readFileSync(file, "utf8")).toBe('{\n  "mcpServers": {\n');
  // The way out.
  expect(await sandbox.run(["testing", "--no-apply"])).toMatchObject({ code: 0, stderr: "" });
  expect((await sandbox.run(["current"])).stdout).toBe("testing-specialist\n");
});

test("--client applies to what it names; one that is not here is a failure then", async () => {
  const sandbox = sandboxOfTest();
  const cursor = cursorOf(sandbox);
  const gemini = write(sandbox.userHome, ".gemini/settings.json", config("old"));
  await sandbox.run(["config", "set", "apply.targets", "cursor"]);
  const switched = await sandbox.run(["backend", "--client", "gemini", "--client", "cline", "--json"]);
  expect(switched).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("cline: there is no ~/.cline/"),
  });
  expect(documentOf(switched)).toMatchObject({
    outcome: "switched",
    applied: [
      { client: "cline", outcome: "skipped", reason: "missing" },
      { client: "gemini", outcome: "changed", file: gemini },
    ],
  });
  expect([personaIn(cursor), personaIn(gemini)]).toEqual(["old", "backend-engineer"]);
  expect(await sandbox.run(["backend", "--client", "curser"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("Did you mean cursor?"),
  });
});

test("apply brings files to the active persona, and status tells which are not", async () => {
  const sandbox = sandboxOfTest();
  const file = cursorOf(sandbox);
  mkdirSync(join(sandbox.project, ".git"));
  expect((await sandbox.run(["apply"])).code).toBe(3);
  await sandbox.run(["backend", "--no-apply"]);
  expect(await sandbox.run(["apply"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("apply detect"),
  });
  const detected = documentOf(
    await sandbox.run(["apply", "detect", "--save", "--client", "copilot", "--json"]),
  );
  expect(detected).toMatchObject({ saved: true, targets: ["cursor", "copilot"] });
  expect(documentOf(await sandbox.run(["apply", "status", "--json"]))).toMatchObject({
    persona: "backend-engineer",
    targets: ["cursor", "copilot"],
    applied: [
      { client: "cursor", outcome: "would-change", file },
      { client: "copilot", outcome: "would-change" },
    ],
  });
  expect(personaIn(file)).toBe("old");
  expect(documentOf(await sandbox.run(["apply", "--dry-run", "--json"]))).toMatchObject({
    applied: [{ diff: expect.stringContaining("+  ") }, { diff: expect.stringContaining("+++ ") }],
  });
  expect(await sandbox.run(["apply"])).toMatchObject({ code: 0, stderr: "" });
  expect(personaIn(file)).toBe("backend-engineer");
  expect((await sandbox.run(["apply", "status"])).stdout).toMatch(/cursor .* already so\n/);
});

test("a dry run shows no secret of the file", async () => {
  const sandbox = sandboxOfTest();
  const text = config("old").replace('"args"', '"env": {"API_TOKEN": "hunter2hunter2"}, "args"');
  write(sandbox.userHome, ".cursor/mcp.json", text);
  const { stdout } = await sandbox.run(["backend", "--dry-run"]);
  expect(stdout).toContain("backend-engineer");
  expect(stdout).not.toContain("hunter2");
});

test("a dry run shows no variable and no header of a server, whatever its name and its shape", async () => {
  const sandbox = sandboxOfTest();
  const values = {
    env: { PLAIN: "pl41n", GH: 'quo"ted', NUMBER: 4711, DEEP: ["d33p"] },
    headers: { "X-Thing": "th1ng" },
  };
  const server = { command: "npx", args: ["hypertool-mcp", "--api-key", "k3yk3yk3y", "--persona", "old"] };
  const text = JSON.stringify({ mcpServers: { h: { ...server, ...values } } });
  const file = write(sandbox.userHome, ".cursor/mcp.json", `// mine\n${text}\n`);
  const foreseen = await sandbox.run(["backend", "--dry-run", "--json"]);
  const shown = JSON.stringify(documentOf(foreseen));
  expect(shown).toContain("backend-engineer");
  expect(shown).not.toMatch(/pl41n|quo|4711|d33p|th1ng|k3yk3y/);
  await sandbox.run(["backend"]);
  expect(readFileSync(file, "utf8")).toBe(`// mine\n${text.replace("old", "backend-engineer")}\n`);
});

test("undo is a new switch, and gives the files their exact bytes back", async () => {
  const sandbox = sandboxOfTest();
  const file = cursorOf(sandbox);
  expect(await sandbox.run(["undo"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("no switch"),
  });
  await sandbox.run(["backend"]);
  await sandbox.run(["testing", "--chatmode", "tdd"]);
  expect(documentOf(await sandbox.run(["undo", "--json"]))).toMatchObject({
    persona: "backend-engineer",
    chatmode: "default",
    from: "testing-specialist",
    applied: [{ client: "cursor", file, outcome: "changed" }],
  });
  expect(personaIn(file)).toBe("backend-engineer");
  expect((await sandbox.run(["current"])).stdout).toBe("backend-engineer\n");

  writeFileSync(file, readFileSync(file, "utf8").replace("\n}", " \n}"));
  expect(await sandbox.run(["undo"])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("changed by somebody else"),
  });
  expect((await sandbox.run(["current"])).stdout).toBe("backend-engineer\n");
});

test("undoing the first switch of all: nobody is active, and the file is as it was", async () => {
  const sandbox = sandboxOfTest();
  const file = cursorOf(sandbox);
  await sandbox.run(["backend"]);
  expect(await sandbox.run(["undo"])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("Ended backend-engineer"),
  });
  expect(readFileSync(file, "utf8")).toBe(config("old"));
  expect((await sandbox.run(["current"])).code).toBe(3);
});

test("undoing the first switch of all takes back what was applied after it, too", async () => {
  const sandbox = sandboxOfTest();
  const file = cursorOf(sandbox);
  await sandbox.run(["backend"]);
  const vscode = write(sandbox.project, ".vscode/mcp.json", config("other", "servers"));
  await sandbox.run(["apply", "--client", "vscode"]);
  expect(personaIn(vscode)).toBe("backend-engineer");
  expect(await sandbox.run(["undo"])).toMatchObject({ code: 0, stderr: "" });
  expect(readFileSync(file, "utf8")).toBe(config("old"));
  expect(readFileSync(vscode, "utf8")).toBe(config("other", "servers"));
});

test("undo takes back the last switch alone, also where there was one between the same personas before", async () => {
  const sandbox = sandboxOfTest();
  const vscode = write(sandbox.project, ".vscode/mcp.json", config("old", "servers"));
  await enable(sandbox, "vscode");
  await sandbox.run(["testing"]);
  await sandbox.run(["backend"]);
  // Nothing is changed by the switch in between.
  await enable(sandbox, "cursor");
  await sandbox.run(["testing"]);
  const cursor = cursorOf(sandbox);
  await sandbox.run(["backend"]);
  expect(await sandbox.run(["undo"])).toMatchObject({ code: 0, stderr: "" });
  expect([cursor, vscode].map(personaIn)).toEqual(["old", "backend-engineer"]);
});

test("a file of an earlier apply that is gone keeps nobody from undoing the last one", async () => {
  const sandbox = sandboxOfTest();
  const file = cursorOf(sandbox);
  await sandbox.run(["backend"]);
  const vscode = write(sandbox.project, ".vscode/mcp.json", config("other", "servers"));
  await sandbox.run(["apply", "--client", "vscode"]);
  rmSync(file);
  expect(await sandbox.run(["undo"])).toMatchObject({ code: 0 });
  expect(existsSync(file)).toBe(false);
  expect(readFileSync(vscode, "utf8")).toBe(config("other", "servers"));
});

test("undoing the first switch of all, after a file was changed: the way that is named leads back", async () => {
  const sandbox = sandboxOfTest();
  const file = cursorOf(sandbox);
  await sandbox.run(["backend"]);
  writeFileSync(file, `${config("backend-engineer")}\n`);
  const refused = documentOf(await sandbox.run(["undo", "--json"]));
  const { hint } = refused.error as { readonly hint: string };
  const named = /tta-persona (.+)$/.exec(hint)?.[1] ?? "";
  expect(await sandbox.run(named.split(" "))).toMatchObject({ code: 0 });
  expect((await sandbox.run(["current"])).code).toBe(3);
});

test("a switch that cannot be written after all is told, and is repaired by apply", async () => {
  const sandbox = sandboxOfTest();
  const file = cursorOf(sandbox);
  await sandbox.run(["backend"]);
  const away = join(sandbox.home, "away");
  renameSync(join(sandbox.home, "backups"), away);
  writeFileSync(join(sandbox.home, "backups"), "in the way");
  const failed = await sandbox.run(["testing"]);
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining("backups cannot be written") });
  expect(failed.stdout).toContain("Switched to");
  expect(personaIn(file)).toBe("backend-engineer");
  rmSync(join(sandbox.home, "backups"));
  expect((await sandbox.run(["apply"])).code).toBe(0);
  expect(personaIn(file)).toBe("testing-specialist");
});

test("hooks run after a switch, with what is news in their environment and nothing read by a shell", async () => {
  const sandbox = sandboxOfTest();
  const out = join(sandbox.userHome, "out");
  const print = `printf "%s|" "$TTA_PREVIOUS_PERSONA" "$TTA_PERSONA" "$TTA_CHATMODE" "$1" >> ${out}`;
  const hooks = `sh -c '${print}' x '$(touch ${out}.bad); *' ; true`;
  await sandbox.run(["config", "set", "apply.onSwitch", hooks]);
  expect(await sandbox.run(["backend", "--chatmode", "tdd"])).toMatchObject({ code: 0, stderr: "" });
  expect(readFileSync(out, "utf8")).toBe(`none|backend-engineer|tdd|$(touch ${out}.bad); *|`);
  expect(existsSync(`${out}.bad`)).toBe(false);
  // Neither what changes nothing, nor a dry run.
  await sandbox.run(["backend", "--chatmode", "tdd"]);
  const foreseen = await sandbox.run(["testing", "--dry-run"]);
  expect(foreseen.stdout).toMatch(/onSwitch +sh +would run/);
  expect(readFileSync(out, "utf8").match(/tdd/g)).toHaveLength(1);
});

test("a hook that fails, is not there, or takes too long is told, and the switch stands", async () => {
  const sandbox = sandboxOfTest();
  const pidFile = join(sandbox.userHome, "pid");
  const slow = `sh -c 'trap "" TERM; sleep 600 & echo $! > ${pidFile}; wait; wait'`;
  await sandbox.run(["config", "set", "apply.hookTimeout", "1s"]);
  await sandbox.run([
    "config",
    "set",
    "apply.onSwitch",
    `sh -c 'echo token=hunter2hunter2 oh no >&2; exit 3' ; nowhere-to-be-found ; ${slow}`,
  ]);
  const switched = await sandbox.run(["backend", "--json"]);
  expect(switched.code).toBe(1);
  expect(documentOf(switched)).toMatchObject({
    outcome: "switched",
    applied: [
      {
        client: "onSwitch",
        file: "sh",
        reason: "hook-failed",
        message: expect.stringMatching(/exit code 3: .*oh no/),
      },
      { reason: "hook-not-started" },
      { reason: "hook-timeout" },
    ],
  });
  expect(switched.stdout + switched.stderr).not.toContain("hunter2");
  expect((await sandbox.run(["current"])).stdout).toBe("backend-engineer\n");
  const pid = Number(readFileSync(pidFile, "utf8"));
  await waitFor(
    () => !existsSync(`/proc/${pid}`) || readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z "),
    {
      what: "what the hook had started to end with it",
    },
  );
});

test("a hook that switches runs no hooks again", async () => {
  const sandbox = sandboxOfTest();
  const log = join(sandbox.userHome, "log");
  const launcher = join(import.meta.dirname, "../../bin/tta-persona.cjs");
  await sandbox.run([
    "config",
    "set",
    "apply.onSwitch",
    `sh -c 'echo x >> ${log}; ${process.execPath} ${launcher} testing'`,
  ]);
  await sandbox.run(["backend"]);
  expect(readFileSync(log, "utf8")).toBe("x\n");
  expect((await sandbox.run(["current"])).stdout).toBe("testing-specialist\n");
});
