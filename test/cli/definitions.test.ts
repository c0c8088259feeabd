import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { FINDINGS } from "../../src/core/finding.ts";
import { chatmodeTree } from "../persona/chatmode-tree.ts";
import { withFaults } from "../support/preloads.ts";
import { waitFor } from "../support/wait-for.ts";
import { contentsOf, documentOf, sandboxOfTest } from "./sandboxes.ts";

function sandboxWith(files: Readonly<Record<string, unknown>>) {
  const sandbox = sandboxOfTest();
  for (const [name, content] of Object.entries(files)) {
    const file = join(sandbox.project, name);
    mkdirSync(dirname(file), { recursive: true });
    if (typeof content === "string") writeFileSync(file, content);
    else symlinkSync((content as { linkTo: string }).linkTo, file);
  }
  return sandbox;
}

const chatmode = (persona: string) => `---\nhypertool_persona: tta-${persona}\n---\n`;

test("switch --chatmode alone finds the persona of that chatmode", async () => {
  const { run } = sandboxWith({
    ".github/chatmodes/backend-developer.chatmode.md": chatmode("backend-engineer"),
  });
  const result = documentOf(await run(["switch", "--chatmode", "backend-developer", "--json"]));
  expect(result).toMatchObject({ persona: "backend-engineer", chatmode: "backend-developer" });
  expect((await run(["current"])).stdout).toContain("backend-engineer");

  const unknown = await run(["switch", "--chatmode", "backend-develper"]);
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toContain("Did you mean backend-developer?");
  expect((await run(["switch"])).stderr).toContain('Missing required argument "persona"');
});

test.each([
  ["no frontmatter", "# x\n", "names no persona"],
  ["nobody that there is", chatmode("backnd"), 'no persona "tta-backnd"'],
  ["YAML that is none", "---\na: [\n---\n", "a.chatmode.md:3:1"],
])("switch --chatmode refuses a file with %s, and changes nothing", async (_, text, message) => {
  const { run } = sandboxWith({ ".tta/chatmodes/a.chatmode.md": text });
  const result = await run(["switch", "--chatmode", "a"]);
  expect(result).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining(message) });
  expect((await run(["current"])).code).toBe(3);
});

test("switch warns when the chatmode is another persona's, and only then", async () => {
  const { run } = sandboxWith({ ".tta/chatmodes/be.chatmode.md": chatmode("backend-engineer") });
  const other = await run(["switch", "testing", "--chatmode", "be"]);
  expect(other).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/one of backend-engineer, not of testing-sp/),
  });
  expect(await run(["switch", "backend", "--chatmode", "be"])).toMatchObject({ code: 0, stderr: "" });
  expect(await run(["switch", "backend", "--chatmode", "tdd"])).toMatchObject({ code: 0, stderr: "" });
});

test("the tree of 28 chatmodes is listed and checked, with an exit code that says so", async () => {
  const { run, project } = sandboxWith(chatmodeTree as Readonly<Record<string, unknown>>);
  const listed = documentOf(await run(["chatmode", "list", "--json"])) as {
    chatmodes: { name: string; persona: string | null; hasFrontmatter: boolean; file: string }[];
    findings: { file: string }[];
  };
  const broken = listed.findings.filter(
    ({ file }) => file.endsWith("chatmode.md") && !file.includes("My Mode"),
  );
  expect(listed.chatmodes.length + broken.length).toBe(28);
  const first = listed.chatmodes.find(({ name }) => name === "backend-developer");
  expect(first).toMatchObject({
    persona: "backend-engineer",
    file: join(project, ".tta/chatmodes/backend-developer.chatmode.md"),
  });

  const checked = await run(["chatmode", "validate", "--json"]);
  expect(checked.code).toBe(1);
  expect(documentOf(checked)).toMatchObject({
    valid: false,
    errors: 5,
    checked: { chatmodes: 28, personas: 0 },
  });
  const text = await run(["chatmode", "validate"]);
  expect(text.stdout).toContain(
    `${join(project, "packages/context/.github/chatmodes/misnamed.chatmode.md")}:2:20: error chatmode-unknown-persona: `,
  );
  expect(text.stdout).toContain("Did you mean backend-engineer?");
  expect(text.stdout).toMatch(/28 chatmodes: 5 errors, \d+ warnings\n$/);
});

test("chatmode show says what a file declares", async () => {
  const { run } = sandboxWith({
    ".tta/chatmodes/a.chatmode.md":
      "---\npersona: backend-engineer\npersona_token_budget: 2000\nsecurity: {allowed_mcp_servers: [git]}\n---\n",
  });
  expect(documentOf(await run(["chatmode", "show", "a", "--json"]))).toMatchObject({
    persona: "backend-engineer",
    tokenBudget: 2000,
    allowedServers: ["git"],
    restrictedPaths: null,
  });
  expect((await run(["__complete", "chatmodes"])).stdout).toBe("a\n");
});

test("validate looks at personas, chatmodes, workflows and settings, and tells each place", async () => {
  const { run, home, project } = sandboxWith({
    ".mcp.json": '{"mcpServers": {"git": {}}}',
    ".tta-persona/personas/a.json": '{\n  "name": "a",\n  "tokenBuget": 5,\n  "allowedServers": ["gti"]\n}',
    ".tta-persona/personas/b.json": '{\n  "name": "b", "icon": 5\n}',
    ".tta-persona/personas/c.json": '{ "name": "c" ',
    ".tta-persona/personas/d.json": '{ "name": "d" }',
    ".tta-persona/personas/e.json": '{ "name": "tta-d", "workflows": {"default": "bugfix"} }',
    ".tta-persona/personas/gone.yaml": { linkTo: "nowhere" },
    ".tta-persona/workflows/w.yaml": "name: w\nstages:\n  - { id: a, persona: nobody, run: x }\n",
    ".tta/chatmodes/a.chatmode.md": chatmode("backend-engineer"),
  });
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "config.json"), '{\n  "delivery": {"mode": "often"},\n  "captur": "none"\n}');
  const result = await run(["validate", "--json"]);
  expect(result.code).toBe(1);
  const { findings, checked } = documentOf(result) as {
    findings: {
      code: keyof typeof FINDINGS;
      severity: string;
      file: string;
      line?: number;
      column?: number;
      hint: string;
    }[];
    checked: object;
  };
  expect(checked).toEqual({ personas: 6 + 6, chatmodes: 1, workflows: 5, settings: 1 });
  const places = findings.map(({ code, file, line, column }) => {
    const short = file.startsWith(project) ? file.slice(project.length + 1) : file.slice(home.length + 1);
    return `${code} ${short}${line === undefined ? "" : `:${line}:${column}`}`;
  });
  expect(places.sort()).toEqual([
    "dangling-link .tta-persona/personas/gone.yaml",
    "persona-broken .tta-persona/personas/c.json:1:15",
    "persona-invalid .tta-persona/personas/b.json:2:24",
    "persona-name-clash .tta-persona/personas/e.json",
    "persona-unknown-key .tta-persona/personas/a.json:3:17",
    "settings-invalid-value config.json:2:24",
    "settings-unknown-key config.json:3:13",
    "unknown-server .tta-persona/personas/a.json:4:22",
    "workflow-invalid .tta-persona/workflows/w.yaml:3:23",
  ]);
  for (const { code, severity, hint } of findings) {
    expect(severity).toBe(FINDINGS[code][0]);
    expect(hint).not.toBe("");
  }
  expect(findings.find(({ code }) => code === "persona-unknown-key")?.hint).toContain("tokenBudget");
});

test("keys of a persona's groups are known, and others told of", async () => {
  const groups = {
    context: { primaryLanguage: "x", frameworks: ["x"], focusAreas: ["x"], keyFiles: ["x"] },
    security: { allowEnvironmentAccess: ["x"], blockList: ["x"], requireApprovalFor: ["x"] },
    workflows: { default: "bug-fix", available: ["bug-fix"] },
    budget: { tokens: 1, window: "day" },
  };
  const bad = { name: "b", context: { frameworks: [], framework: "x" } };
  const { run } = sandboxWith({
    ".tta-persona/personas/a.json": JSON.stringify({ name: "a", ...groups }),
    ".tta-persona/personas/b.json": JSON.stringify(bad),
  });
  const { findings } = documentOf(await run(["validate", "--json"])) as { findings: object[] };
  expect(findings).toEqual([
    expect.objectContaining({
      code: "persona-unknown-key",
      message: "context.framework is no key of a persona",
      hint: "Did you mean frameworks?",
    }),
  ]);
});

test("a project's settings are checked, trusted or not", async () => {
  const file = ".tta-persona/settings.yaml";
  const { run, project } = sandboxWith({ [file]: "llm.model: a/b\npushgateway:\n  url: http://x.test\n" });
  for (const args of [[], [file]]) {
    const result = await run(["validate", "--json", ...args]);
    expect(result.code).toBe(1);
    expect(documentOf(result)).toMatchObject({
      checked: { settings: 1 },
      findings: [{ code: "settings-not-a-projects", file: join(project, file), line: 3, column: 3 }],
    });
  }
});

test("what init writes has nothing that could be found", async () => {
  const { run } = sandboxWith({});
  expect((await run(["init"])).code).toBe(0);
  expect(await run(["validate", "--strict"])).toMatchObject({ code: 0, stderr: "" });
});

test("warnings fail with --strict only, and paths narrow what is looked at", async () => {
  const { run } = sandboxWith({
    ".tta-persona/personas/a.json": '{"name": "a", "colour": "red"}',
    ".tta-persona/personas/b.json": '{"name": "b", "icon": 5}',
    "sub/x.txt": "",
  });
  const file = ".tta-persona/personas/a.json";
  expect((await run(["validate", file])).code).toBe(0);
  expect((await run(["validate", file, "--strict"])).code).toBe(1);
  expect((await run(["validate"])).code).toBe(1);
  expect((await run(["validate", "sub"])).code).toBe(0);
  expect(await run(["validate", "sub/x.txt"])).toMatchObject({
    code: 1,
    stdout: expect.stringContaining("unknown-kind"),
  });
  for (const gone of ["nothing.json", "nothing"]) {
    expect(await run(["validate", gone])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("does not exist"),
    });
  }
});

test("a clean project is said to be one", async () => {
  const { run } = sandboxOfTest();
  const result = await run(["validate"]);
  expect(result).toMatchObject({
    code: 0,
    stdout: "6 personas, 4 workflows: nothing is wrong\n",
    stderr: "",
  });
});

test.each(["persona create x --description y", "persona export backend --format gemini --output new/x.md"])(
  "on a full disk %s fails, and leaves nothing behind",
  async (line) => {
    const { run, project } = sandboxOfTest();
    const result = await run(line.split(" "), withFaults("enospc:1+:/project/"));
    expect(result).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(/Cannot write .*\/x\..*the disk is full/),
    });
    const files = Object.values(contentsOf(project)).filter((content) => content !== "directory");
    expect(files).toEqual([]);
  },
);

test("what was exported is imported again, and neither overwrites what is there", async () => {
  const { run, project } = sandboxOfTest();
  const exported = await run([
    "persona",
    "export",
    "backend",
    "--format",
    "claude-code",
    "--output",
    ".claude/agents/",
  ]);
  const file = join(project, ".claude/agents/backend-engineer.md");
  expect(exported).toMatchObject({ code: 0, stdout: `Wrote ${file}\n` });
  expect(exported.stderr).toContain(
    "only in words, which nothing enforces: restrictedPaths, context, security\n",
  );
  expect(exported.stderr).toContain("left out of allowedTools: git/git_diff*");
  const again = await run(["persona", "export", "testing", "--format", "claude-code", "--output", file]);
  expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining("is there already") });
  expect(readFileSync(file, "utf8")).toContain("name: backend-engineer\n");

  const dry = await run(["persona", "import", file, "--name", "copied", "--dry-run"]);
  expect(dry.code).toBe(0);
  expect(JSON.parse(dry.stdout)).toMatchObject({
    name: "copied",
    allowedServers: expect.arrayContaining(["git"]),
  });
  expect(existsSync(join(project, ".tta-persona"))).toBe(false);

  const imported = documentOf(await run(["persona", "import", file, "--name", "copied", "--json"]));
  expect(imported).toMatchObject({
    persona: "copied",
    format: "claude-code",
    replaced: false,
    shadows: null,
  });
  expect((await run(["switch", "copied"])).code).toBe(0);
  const before = contentsOf(join(project, ".tta-persona"));
  expect(await run(["persona", "import", file, "--name", "copied"])).toMatchObject({ code: 2 });
  expect(contentsOf(join(project, ".tta-persona"))).toEqual(before);
  const full = await run(
    ["persona", "import", file, "--name", "copied", "--force"],
    withFaults("enospc:1+:copied"),
  );
  expect(full).toMatchObject({ code: 1, stderr: expect.stringMatching(/Cannot write .*copied.json/) });
  expect(contentsOf(join(project, ".tta-persona"))).toEqual(before);
  expect((await run(["persona", "import", file, "--name", "copied", "--force", "--quiet"])).code).toBe(0);

  const shadowing = await run(["persona", "import", file, "--to", "user"]);
  expect(shadowing.stderr).toContain("it takes the place of the built-in persona of its name");
});

test("--json of an export is one document, with what is lost field by field", async () => {
  const { run } = sandboxOfTest();
  const result = await run(["persona", "export", "backend", "--format", "hypertool", "--json", "--quiet"]);
  expect(documentOf(result)).toMatchObject({
    file: null,
    lost: expect.arrayContaining([
      { field: "budget", why: expect.any(String), told: false },
      { field: "allowedTools", values: ["git/git_diff*"], why: expect.any(String), told: false },
    ]),
  });
  expect(await run(["persona", "export", "backend"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--format"),
  });
  expect(await run(["persona", "export", "backend", "--format", "claude"])).toMatchObject({ code: 2 });
});

test.each([
  ["nothing there", "x.md", undefined, "does not exist"],
  ["a format that could be any", "x.md", "---\nname: x\n---\n", "--format"],
  ["a name that is none", "1.agent.md", "---\ndescription: x\n---\n", "--name"],
  ["YAML that is none", ".claude/agents/x.md", "---\na: [\n---\n", "x.md:3:1"],
  [
    "a value that no persona takes",
    ".claude/agents/x.md",
    '---\nname: x\ndescription: "a\\u001b[2J"\n---\n',
    "description",
  ],
])("import refuses %s, and writes nothing", async (_, name, text, message) => {
  const { run, project } = sandboxWith(text === undefined ? {} : { [name]: text });
  const result = await run(["persona", "import", name]);
  expect(result).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining(message) });
  expect(existsSync(join(project, ".tta-persona"))).toBe(false);
});

test("persona alone says that a command is missing", async () => {
  const { run } = sandboxOfTest();
  expect(await run(["persona"])).toMatchObject({
    code: 2,
    stderr: "tta-persona: Missing command.\n  See: tta-persona persona --help\n",
  });
  expect((await run(["persona", "exprt"])).stderr).toContain("Did you mean export?");
});

test.each([
  [["config", "set"], "See: tta-persona config set --help\n"],
  [["metrics", "serve", "--listen", "x"], "See: tta-persona metrics serve --help\n"],
  [["switch", "backend", "--nothing"], "See: tta-persona switch --help\n"],
  [["--nothing"], "See: tta-persona --help\n"],
  [["version"], "Did you mean --version?"],
])("%j: the help that is named is that of the very command", async (args, hint) => {
  const { run } = sandboxOfTest();
  const wrong = await run(args);
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining(hint) });
  const named = /tta-persona ([^\n,]*--help)/.exec(wrong.stderr)?.[1]?.split(" ") ?? [];
  expect(await run(named)).toMatchObject({ code: 0, stderr: "" });
});

test("create takes flags, and without a terminal says which are missing", async () => {
  const { run, project } = sandboxOfTest();
  const missing = await run(["persona", "create"]);
  expect(missing).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("Missing: <name> and --description."),
  });
  expect((await run(["persona", "create", "x"])).stderr).toContain("Missing: --description.");
  expect(existsSync(join(project, ".tta-persona"))).toBe(false);

  const args = ["release-manager", "--description", "Ships.", "--icon", "🚢", "--token-budget", "900"];
  const more = ["--budget-tokens", "5000", "--budget-window", "week", "--allowed-server", "git", "github"];
  const created = documentOf(await run(["persona", "create", ...args, ...more, "--json"]));
  const file = join(project, ".tta-persona/personas/release-manager.json");
  expect(created).toMatchObject({ persona: "release-manager", file, replaced: false });
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({
    name: "release-manager",
    description: "Ships.",
    icon: "🚢",
    tokenBudget: 900,
    allowedServers: ["git", "github"],
    budget: { tokens: 5000, window: "week" },
  });
  expect((await run(["validate", file])).code).toBe(0);
  expect((await run(["persona", "create", "release-manager", "--description", "Other."])).code).toBe(2);
  expect(readFileSync(file, "utf8")).toContain("Ships.");

  const like = await run(["persona", "create", "reviewer", "--from", "backend", "--to", "user"]);
  expect(like.code).toBe(0);
  expect(documentOf(await run(["show", "reviewer", "--json"]))).toMatchObject({
    displayName: "Reviewer",
    tokenBudget: 2000,
    origin: { kind: "user" },
  });
});

test.each([
  [["None"], "kebab"],
  [["x", "--budget-window", "day"], "--budget-tokens"],
  [["x", "--budget-tokens", "5", "--budget-window", "hour"], "budget.window"],
  [["x", "--to", "nowhere"], "--to"],
  [["x", "--token-budget", "0"], "tokenBudget"],
])("create refuses %j", async (args, message) => {
  const { run, project } = sandboxOfTest();
  const result = await run(["persona", "create", ...args, "--description", "x"]);
  expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  expect(existsSync(join(project, ".tta-persona"))).toBe(false);
});

test("create keeps to the folder that counts, also where another file defines the persona", async () => {
  const { run, project } = sandboxWith({ ".hypertool/personas/tta-old.json": '{"name": "tta-old"}' });
  mkdirSync(join(project, "src"));
  const created = documentOf(
    await run(["persona", "create", "fresh", "--description", "x", "--json"], { cwd: join(project, "src") }),
  );
  expect(created.file).toBe(join(project, ".hypertool/personas/fresh.json"));
  expect((await run(["persona", "create", "old", "--description", "x"])).stderr).toContain(
    "tta-old.json is there",
  );
  expect((await run(["persona", "create", "old", "--description", "x", "--force"])).code).toBe(0);
  expect(readdirSync(join(project, ".hypertool/personas")).sort()).toEqual(["fresh.json", "tta-old.json"]);
  expect(statSync(join(project, ".hypertool/personas/tta-old.json")).mode & 0o777).toBe(0o644);
});

test("create asks on a terminal, again after what is no answer", async () => {
  const { spawnTty, project } = sandboxOfTest();
  const running = spawnTty(["persona", "create"], { stdin: { open: true } });
  const answer = async (question: string, line: string) => {
    await waitFor(() => running.stdout().includes(question), { what: question });
    running.child.stdin.write(`${line}\r`);
  };
  await answer("Name, in kebab-case", "Not A Name");
  await waitFor(() => running.stdout().includes("cannot be a name"), { what: "the complaint" });
  running.child.stdin.write("asked\r");
  await answer("What people read (Asked)", "");
  await answer("What it is for", "Answers questions.");
  await answer("Icon", "");
  await answer("MCP servers", "git, github");
  expect((await running.result).code).toBe(0);
  expect(JSON.parse(readFileSync(join(project, ".tta-persona/personas/asked.json"), "utf8"))).toEqual({
    name: "asked",
    displayName: "Asked",
    description: "Answers questions.",
    icon: "👤",
    allowedServers: ["git", "github"],
  });
});

test("questions that are left write nothing", async () => {
  const { spawnTty, project } = sandboxOfTest();
  const running = spawnTty(["persona", "create", "x"], { stdin: { open: true } });
  await waitFor(() => running.stdout().includes("What people read"), { what: "the first question" });
  running.child.stdin.write("\u0003");
  const { code, stdout } = await running.result;
  expect(code).toBe(1);
  expect(stdout).toContain("Nothing was written.");
  expect(existsSync(join(project, ".tta-persona"))).toBe(false);
});
