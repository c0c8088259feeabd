import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { applyCurrent } from "../../src/apply/apply.ts";
import { targetsNamed } from "../../src/apply/targets.ts";
import { applyHome } from "./apply-home.ts";

const outcomes = (results: readonly { readonly outcome: string }[]) => results.map(({ outcome }) => outcome);

test("Claude Code: the persona becomes a subagent, and the project's agent in the local settings", async () => {
  const user = applyHome();
  user.activate("backend-engineer");
  expect(outcomes((await user.apply("claude-agent")).results)).toEqual(["changed", "changed"]);
  const [, head = "", prompt] = readFileSync(
    join(user.project, ".claude/agents/backend-engineer.md"),
    "utf8",
  ).split("---\n");
  expect(parse(head)).toEqual({ name: "backend-engineer", description: "Is the backend-engineer." });
  expect(prompt).toContain("You are the backend-engineer.");
  expect(JSON.parse(readFileSync(join(user.project, ".claude/settings.local.json"), "utf8"))).toEqual({
    agent: "backend-engineer",
  });
  expect(outcomes((await user.apply("claude-agent")).results)).toEqual(["already", "already"]);
});

test.each([
  [
    "an agent of before",
    '{\n  // mine\n  "agent": "x",\n  "model": "opus",\n}\n',
    '"agent": "backend-engineer"',
  ],
  ["none yet", '{\n  "model": "opus"\n}\n', '{\n  "agent": "backend-engineer",\n  "model": "opus"\n}\n'],
  ["nothing at all", "{}", '{"agent": "backend-engineer"}'],
])("Claude Code's settings with %s keep what else they say", async (_, before, after) => {
  const user = applyHome();
  const file = user.write("user/work/project/.claude/settings.local.json", before);
  user.activate("backend-engineer");
  await user.apply("claude-agent");
  const text = readFileSync(file, "utf8");
  expect(text).toContain(after);
  expect(text.replace(/\s*"agent": "[^"]*",?/, "")).toBe(before.replace(/\s*"agent": "[^"]*",?/, ""));
});

test("broken settings are refused, and then no subagent is made either", async () => {
  const user = applyHome();
  user.write("user/work/project/.claude/settings.local.json", '{"agent": }');
  user.activate("backend-engineer");
  expect(outcomes((await user.apply("claude-agent")).results)).toEqual(["failed", "refused"]);
  expect(existsSync(join(user.project, ".claude/agents"))).toBe(false);
});

test("an agent's file that the user wrote is left alone, and one that we wrote is renewed", async () => {
  const user = applyHome();
  const own = "---\nname: backend-engineer\ndescription: mine\n---\nDo it my way.\n";
  const file = user.write("user/work/project/.github/agents/backend-engineer.agent.md", own);
  user.activate("backend-engineer");
  expect((await user.apply("copilot")).results).toMatchObject([{ outcome: "skipped", reason: "own-file" }]);
  expect(readFileSync(file, "utf8")).toBe(own);

  user.activate("frontend-engineer");
  await user.apply("copilot");
  const made = join(user.project, ".github/agents/frontend-engineer.agent.md");
  const text = readFileSync(made, "utf8");
  user.write(
    "user/work/project/.github/agents/frontend-engineer.agent.md",
    text.replace("You are", "You were"),
  );
  expect(outcomes((await user.apply("copilot")).results)).toEqual(["changed"]);
  expect(readFileSync(made, "utf8")).toBe(text);
});

test("a persona that is not defined here is skipped, since there is nothing to write", async () => {
  const user = applyHome();
  user.activate("backend-engineer");
  const context = {
    ...user.context,
    readCurrent: () => ({ name: "elsewhere", chatmode: "default", writeAgent: undefined, previous: null }),
  };

  const { results } = await applyCurrent(context, targetsNamed(["claude-agent", "copilot"]));
  expect(results).toMatchObject([{ reason: "no-definition" }, { reason: "no-definition" }]);
  expect(existsSync(join(user.project, ".claude"))).toBe(false);
});

test("what is made lies at the repository's root, wherever in it one stands", async () => {
  const user = applyHome();
  const deep = join(user.project, "src/deep");
  mkdirSync(deep, { recursive: true });
  user.activate("backend-engineer");

  const places = { ...user.context.places, cwd: deep };
  await applyCurrent({ ...user.context, places }, targetsNamed(["copilot"]));
  expect(existsSync(join(user.project, ".github/agents/backend-engineer.agent.md"))).toBe(true);
});

test("in the home, or where no project is, no file is made", async () => {
  for (const where of ["user", "user/notes"]) {
    const user = applyHome();
    const cwd = join(user.root, where);
    mkdirSync(cwd, { recursive: true });
    user.activate("backend-engineer");
    const context = { ...user.context, places: { ...user.context.places, cwd } };
    const { results } = await applyCurrent(context, targetsNamed(["claude-agent", "copilot"]));
    expect(results).toMatchObject([
      { client: "claude-agent", outcome: "skipped", reason: "no-project" },
      { client: "copilot", outcome: "skipped", reason: "no-project" },
    ]);
    for (const made of [".claude", ".github"]) expect(existsSync(join(cwd, made))).toBe(false);
    mkdirSync(join(cwd, ".tta-persona"));
    const marked = outcomes((await applyCurrent(context, targetsNamed(["copilot"]))).results);
    expect(marked).toEqual([where === "user" ? "skipped" : "changed"]);
  }
});
