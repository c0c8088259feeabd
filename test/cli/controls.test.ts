import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { appendFact } from "../../src/journal/append.ts";
import { makeFact } from "../../src/journal/make-fact.ts";
import type { RunResult, Sandbox } from "../support/run-binary.ts";
import { documentOf, sandboxOfTest } from "./sandboxes.ts";

/** A title, a line that was overwritten, eight bits, a colour, a text that is read backwards. */
const EVIL = "\u001b]0;title\u0007a\rb\bc\u009b2J\u001b[1;32mred\u001b[32m\u202ereversed\u2066";

const CONTROLS = /[^\P{Cc}\n\t]|[\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;

function write(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

const asYaml = (text: string) => JSON.stringify(text);

/** A project, a configuration and facts that somebody else has written. */
function hostile({ project, home, userHome }: Sandbox): void {
  const evilText = asYaml(EVIL);
  // What the schema lets pass, and a file's name.
  write(
    join(project, `.tta-persona/personas/a\u001b[2Jb\r.yaml`),
    `name: odd\ndisplayName: "x\u202ey"\nicon: "\u2067i"\ndescription: "a\\rb"\n` +
      `allowedTools:\n  ${evilText}: [t]\nrestrictedPaths: ["p\u202ev"]\nallowedServers: ["s\u2066v"]\n`,
  );
  for (const field of ["displayName", "icon", "context", "tokenBudget", EVIL]) {
    write(
      join(project, `.tta-persona/personas/${field === EVIL ? "evil" : field}.json`),
      JSON.stringify({ name: `broken-${field.length}`, [field]: EVIL }),
    );
  }
  write(join(project, ".tta-persona/personas/torn.yaml"), `name: ${EVIL}\n  - [\n`);
  write(join(project, ".tta-persona/persona"), `odd${EVIL}\n`);
  write(
    join(project, ".tta/chatmodes/mode.chatmode.md"),
    `---\nhypertool_persona: ${evilText}\ndescription: ${evilText}\nmodel: ${evilText}\ntools: [${evilText}]\n---\n`,
  );
  write(
    join(project, ".tta-persona/workflows/flow.yaml"),
    `name: flow\ndescription: ${evilText}\nstages:\n  - id: one\n    persona: odd\n    run: ${evilText}\n`,
  );
  write(join(project, ".tta-persona/workflows/bad.yaml"), `name: bad\n${evilText}: ${evilText}\n`);
  write(join(project, ".vscode/mcp.json"), `{"${EVIL}`);
  const server = JSON.stringify({ mcpServers: { [EVIL]: { args: ["hypertool-mcp", "--persona", EVIL] } } });
  for (const file of [".cursor/mcp.json", ".config/mcp/mcp_settings.json"]) {
    write(join(userHome, file), `${server}\n\r// \u009b2J\n`);
  }
  const switches = [EVIL, `x${EVIL}`].map((persona, index) => ({ persona, at: Date.now() - 5000 + index }));
  for (const { persona, at } of switches) {
    const data = { persona, chatmode: EVIL, startedAt: at, idleTimeoutMs: 3_600_000 };
    const about = { env: {}, clock: { now: () => at }, version: "0.0.0" };
    appendFact(
      { dir: join(home, "journal"), segmentBytes: 1 << 20 },
      makeFact(about, { type: "persona.switched", scope: "global", data }),
    );
  }
}

const COMMANDS = [
  "current",
  "prompt",
  "status",
  "current --explain",
  "list",
  "show odd",
  "show broken-4",
  "guard --explain",
  "doctor",
  "history",
  "validate",
  "chatmode list",
  "chatmode show mode",
  "workflow list",
  "workflow show flow",
  "workflow validate",
  "run flow --help",
  "apply --client cursor --dry-run",
  "apply status --client vscode",
  "migrate --dry-run",
  "switch odd --dry-run",
  "switch odd --scope global --client cursor",
  "current",
  "backend --scope global",
];

test("what others have written into files and facts commands no terminal, whatever shows it", {
  timeout: 120_000,
}, async () => {
  const sandbox = sandboxOfTest();
  hostile(sandbox);
  const shown: Record<string, RunResult> = {};
  for (const line of COMMANDS) {
    const result = await sandbox.run(line.split(" "));
    shown[line] = result;
    const text = `${result.stdout}${result.stderr}`;
    expect({ line, text, found: CONTROLS.exec(text)?.[0] }).toEqual({ line, text, found: undefined });
    expect(result.code, line).not.toBe(70);
  }
  // It is spelt out, and not left out.
  expect(shown.history?.stdout).toContain("\\u001b]0;title\\u0007a\\u000db\\u0008c\\u009b2J");
  expect(shown["show odd"]?.stdout).toContain("x\\u202ey");

  // In a document it is what it was, however it is spelt.
  const json = await sandbox.run(["history", "--json"]);
  expect(json.stdout).not.toMatch(CONTROLS);
  expect(documentOf(json)).toMatchObject({ entries: [{ to: EVIL }, { from: EVIL }, {}, {}] });
});

test("a terminal that wants colours gets ours, and of others none that hide a text", async () => {
  const sandbox = sandboxOfTest();
  hostile(sandbox);
  const { stdout } = await sandbox.runTty(["history"]);
  expect(stdout).toContain("\u001b[1m");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours that are ours
  expect(stdout.replaceAll(/\u001b\[\d{1,2}m/g, "").replaceAll("\r\n", "\n")).not.toMatch(CONTROLS);
});

test("what is for a file or another program stays as it is, and is shown safely on a terminal", async () => {
  const sandbox = sandboxOfTest();
  write(
    join(sandbox.project, ".tta-persona/personas/odd.json"),
    JSON.stringify({ name: "odd", description: "a\tb\u202ec" }),
  );
  const argv = ["persona", "export", "odd", "--format", "claude-code"];
  expect((await sandbox.run(argv)).stdout).toContain("\u202e");
  expect((await sandbox.runTty(argv)).stdout).not.toContain("\u202e");
});
