import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSandbox, type RunResult, type Sandbox } from "../support/run-binary.ts";
import { contentsOf, copyOfHome } from "./sandboxes.ts";

/**
 * One table of argument lists, run through the launcher, which answers the hot forms itself, and through the
 * complete program. Both have to say the same, whoever answers.
 */
const long = "x".repeat(5000);
const table: readonly (readonly [argv: readonly string[], freshCode: number, usedCode: number])[] = [
  [[], 0, 0],
  [["current"], 3, 0],
  [["current", "--json"], 3, 0],
  [["current", "extra"], 2, 2],
  [["prompt"], 0, 0],
  [["prompt", "--quiet"], 0, 0],
  [["switch", "backend-engineer"], 0, 0],
  [["switch", "backend"], 0, 0],
  [["switch", "tta-backend-engineer"], 0, 0],
  [["switch", "testing"], 0, 0],
  [["switch", "BackEnd"], 0, 0],
  [["switch", "obs"], 0, 0],
  [["switch", "front"], 0, 0],
  [["switch", "d"], 2, 2],
  [["switch", "-"], 2, 0],
  [["switch"], 2, 2],
  [["switch", ""], 2, 2],
  [["switch", "nobody"], 2, 2],
  [["switch", "backend", "extra"], 2, 2],
  [["switch", "--", "backend"], 0, 0],
  [["switch", "--", "-"], 2, 0],
  [["switch", "--", "--json"], 2, 2],
  [["switch", "backend", "--chatmode", "tdd"], 0, 0],
  [["switch", "backend", "--chatmode", "Not Kebab"], 2, 2],
  [["switch", "backend", "--chatmode"], 2, 2],
  [["switch", "--unknown", "backend"], 2, 2],
  [["switch", "-5"], 2, 2],
  [["switch", "constructor"], 2, 2],
  [["switch", "none"], 2, 2],
  [["switch", "⚙️"], 2, 2],
  [["switch", long], 2, 2],
  [["switch", "evil\u001b[31m\nname"], 2, 2],
  [["backend"], 0, 0],
  [["BACKEND"], 0, 0],
  [["backend", "--dry-run"], 0, 0],
  [["backend", "extra"], 2, 2],
  [["d"], 2, 2],
  [["-"], 2, 0],
  [["--"], 0, 0],
  [["--", "backend"], 0, 0],
  [["--", "--json"], 2, 2],
  [[""], 2, 2],
  [["CURRENT"], 2, 2],
  [["Switch", "backend"], 2, 2],
  [["curent"], 2, 2],
  [["help"], 0, 0],
  [["help", "nobody"], 2, 2],
  [["--version"], 0, 0],
  [["🦊"], 2, 2],
  [[long], 2, 2],
  [["--json", "backend"], 0, 0],
  [["--nonsense"], 2, 2],
];

/** Durations and times are each run's own. */
function comparable({ code, stdout, stderr }: RunResult, home = "<home>") {
  const normalise = (text: string) =>
    text
      .replaceAll(home, "<home>")
      .replace(/\b(for|after) \d+[smhd]( \d+[smh])?/g, "$1 <duration>")
      .replace(/Seconds":[\d.]+/g, 'Seconds":"<duration>"');
  return { code, stdout: normalise(stdout), stderr: normalise(stderr) };
}

/** A shell's id. */
const own = `${process.pid}-a`;

let fresh: Sandbox;
let used: Sandbox;
/** With a persona of a shell besides. */
let scoped: Sandbox;
let count = 0;

beforeAll(async () => {
  fresh = createSandbox();
  used = createSandbox();
  await used.run(["switch", "testing"]);
  await used.run(["switch", "backend", "--chatmode", "api"]);
  scoped = createSandbox();
  await scoped.run(["switch", "testing"]);
  await scoped.run(["switch", "backend"]);
  await scoped.run(["switch", "obs", "--scope", "shell"], { env: { TTA_PERSONA_SHELL: own } });
  await scoped.run(["switch", "data"], { env: { TTA_PERSONA_SHELL: own } });
});
afterAll(() => Promise.all([fresh, used, scoped].map((sandbox) => sandbox?.dispose())));

async function runBoth(
  sandbox: Sandbox,
  argv: readonly string[],
  { env = {}, cwd = sandbox.project }: { env?: Record<string, string>; cwd?: string } = {},
) {
  count += 1;
  const [hotHome, coldHome] = [copyOfHome(sandbox, `hot-${count}`), copyOfHome(sandbox, `cold-${count}`)];
  const [hot, cold] = await Promise.all([
    sandbox.run(argv, { env: { ...env, ...hotHome }, cwd }),
    sandbox.runCold(argv, { env: { ...env, ...coldHome }, cwd }),
  ]);
  return {
    hot: comparable(hot, hotHome.TTA_PERSONA_HOME),
    cold: comparable(cold, coldHome.TTA_PERSONA_HOME),
    factsOfHot: factsIn(hotHome.TTA_PERSONA_HOME),
    factsOfCold: factsIn(coldHome.TTA_PERSONA_HOME),
  };
}

/** What the journal says, without what is each run's own. */
function factsIn(home: string): readonly unknown[] {
  return Object.values(contentsOf(join(home, "journal"))).flatMap((text) =>
    text
      .split("\n")
      .filter(Boolean)
      .map((line) => {
        const { type, scope, data } = JSON.parse(line);
        return { type, scope, persona: data.persona, chatmode: data.chatmode };
      }),
  );
}

/** For titles: no one wants to read thousands of letters. */
const titled = table.map((row) => [JSON.stringify(row[0]).slice(0, 60), ...row] as const);

describe.concurrent.each([
  ["a fresh home", () => fresh, 0],
  ["a home in use", () => used, 1],
] as const)("with %s, the launcher and the complete program agree on", (_, sandbox, column) => {
  test.each(titled)("%s", async (_title, argv, ...codes) => {
    const { hot, cold, factsOfHot, factsOfCold } = await runBoth(sandbox(), argv);
    expect(hot).toEqual(cold);
    expect(hot.code).toBe(codes[column]);
    expect(factsOfHot).toEqual(factsOfCold);
    expect(hot.stderr.trimEnd().split("\n").length).toBeLessThanOrEqual(3);
    expect(hot.stdout + hot.stderr).not.toMatch(/\p{Cc}\[| {4}at /u);
  });
});

/** Where something goes before the global persona, or seems to. */
const places: readonly (readonly [string, Record<string, string>, string | undefined])[] = [
  ["a shell with a persona of its own", { TTA_PERSONA_SHELL: own }, undefined],
  ["a shell without one", { TTA_PERSONA_SHELL: `${process.pid}-b` }, undefined],
  ["a shell whose id is none", { TTA_PERSONA_SHELL: "../x" }, undefined],
  ["TTA_PERSONA", { TTA_PERSONA: "data" }, undefined],
  ["a blank TTA_PERSONA", { TTA_PERSONA: " " }, undefined],
  ["a TTA_PERSONA that names nobody", { TTA_PERSONA: "nobody" }, undefined],
  ["a project that is not trusted", {}, "devops\n"],
  ["a trusted project", { TTA_PERSONA_TRUST: "1" }, "devops\n"],
  ["a trusted project that names nobody", { TTA_PERSONA_TRUST: "1" }, "nobody\n"],
  ["a project, and a shell of its own", { TTA_PERSONA_SHELL: own, TTA_PERSONA_TRUST: "1" }, "devops\n"],
];

describe.each(places)("they agree under %s", (_, env, persona) => {
  test.each([[["current"]], [["prompt"]], [["switch", "front"]], [["switch", "-"]]])(
    "on %j",
    async (argv) => {
      const cwd = mkdtempSync(join(scoped.project, "place-"));
      if (persona !== undefined) {
        mkdirSync(join(cwd, ".tta-persona"));
        writeFileSync(join(cwd, ".tta-persona/persona"), persona);
      }
      const { hot, cold, factsOfHot, factsOfCold } = await runBoth(scoped, argv, { env, cwd });
      expect(hot).toEqual(cold);
      expect(factsOfHot).toEqual(factsOfCold);
    },
  );
});

test.each([
  ["a JSON persona of the project", "security.json", '{"name": "security-auditor", "icon": "🔒"}', 0],
  ["a YAML persona of the project", "security.yaml", "name: security-auditor\nicon: 🔒\n", 0],
  ["a broken one of the project", "security-auditor.json", '{"name": "security-auditor",}', 2],
])("they agree on %s", async (_, file, content, code) => {
  const sandbox = createSandbox();
  try {
    mkdirSync(join(sandbox.project, ".tta-persona/personas"), { recursive: true });
    writeFileSync(join(sandbox.project, ".tta-persona/personas", file), content);
    const { hot, cold } = await runBoth(sandbox, ["switch", "security"]);
    expect(hot).toEqual(cold);
    expect(hot.code).toBe(code);
  } finally {
    await sandbox.dispose();
  }
});

test.each([
  ["changed", "cursor", '{"mcpServers": {"h": {"args": ["hypertool", "-p", "x"]}}}', 0],
  ["skipped", "cursor,gemini", "{}", 0],
  ["refused", "cursor", "{", 1],
  ["changed, and then a hook", "cursor", '{"mcpServers": {"h": {"args": ["hypertool"]}}}', 0],
])("they agree on agent tools: %s", async (title, clients, content, code) => {
  const sandbox = createSandbox();
  try {
    const file = join(sandbox.userHome, ".cursor/mcp.json");
    mkdirSync(join(file, ".."), { recursive: true });
    await sandbox.run(["config", "set", "apply.targets", clients]);
    if (title.endsWith("hook")) await sandbox.run(["config", "set", "apply.onSwitch", "true"]);
    const copies = [copyOfHome(sandbox, "hot"), copyOfHome(sandbox, "cold")];
    const results = [];
    for (const [index, run] of [sandbox.run, sandbox.runCold].entries()) {
      writeFileSync(file, content);
      const home = copies[index];
      const result = await run(["switch", "backend"], { env: { ...home } });
      results.push({
        ...comparable(result, home?.TTA_PERSONA_HOME),
        file: readFileSync(file, "utf8"),
        facts: factsIn(home?.TTA_PERSONA_HOME ?? ""),
      });
    }
    expect(results[0]).toEqual(results[1]);
    expect(results[0]?.code).toBe(code);
  } finally {
    await sandbox.dispose();
  }
});

test("they agree where a setting is no good, and where stdout is a terminal", async () => {
  const env = { TTA_PERSONA_DELIVERY_TIMEOUT: "soon" };
  const hot = await used.run(["switch", "backend"], { env: { ...env, ...copyOfHome(used, "hot-bad") } });
  const cold = await used.runCold(["switch", "backend"], {
    env: { ...env, ...copyOfHome(used, "cold-bad") },
  });
  expect(hot.stderr).toBe(cold.stderr);
  expect(hot.stderr).toMatch(/^tta-persona: TTA_PERSONA_DELIVERY_TIMEOUT: .*"soon".*\n$/);
  expect(comparable(hot)).toEqual(comparable(cold));

  // The double dash is for the complete program.
  const painted = await used.runTty(["switch", "obs"], { env: copyOfHome(used, "tty-hot") });
  const repainted = await used.runTty(["--", "obs"], { env: copyOfHome(used, "tty-cold") });
  expect(painted.stdout).toContain("\u001b[1m");
  expect(comparable(painted).stdout).toBe(comparable(repainted).stdout);
});
