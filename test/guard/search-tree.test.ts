import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { guardedProject } from "./guarded-project.ts";

const { project, userHome, decide } = guardedProject();

describe("a search through contents that begins above what is restricted, and would read it, is denied", () => {
  test.each([
    ["Grep", {}],
    ["Grep", { path: "." }],
    ["Grep", { path: project }],
    ["Grep", { path: join(userHome, "work") }],
    ["Grep", { path: "src/up" }],
    ["Grep", { path: "data" }],
    ["Grep", { glob: "*" }],
    ["Grep", { glob: "**/*.ts" }],
    ["Grep", { glob: "**/*.{ts,tsx}" }],
    ["Grep", { glob: "**/main.*" }],
    ["Grep", { glob: "data/**/*.csv" }],
    ["Grep", { path: "data", glob: "*.csv" }],
    ["Grep", { glob: "!docs/**" }],
    // Of these only some tools leave out what is meant.
    ["Grep", { glob: "!FRONTEND/** !infra !data !.env*" }],
    ["Grep", { path: "data", glob: "!raw/**" }],
    ["grep", { path: ".", include: "*.ts" }],
    ["grep_search", { query: "x", isRegexp: false, includePattern: "**/*.tf" }],
    ["search_file_content", { dir_path: "." }],
    ["codebase_search", { query: "x", target_directories: ["docs", "data/"] }],
    ["semantic_search", { query: "x" }],
    ["search_files", { path: ".", regex: "x", file_pattern: "*.ts" }],
    ["read_many_files", { paths: ["**/*.ts"] }],
    // Where a glob leads, from wherever it counts.
    ["Grep", { path: `${project}/**/*.ts` }],
    ["Grep", { path: `${project}/{src,data}/**` }],
    ["Grep", { path: "src/up/**/*.ts" }],
    ["grep_search", { query: "x", includePattern: `${project}/**/*.ts` }],
    ["grep_search", { query: "x", includePattern: "../project/**/*.ts" }],
    ["grep_search", { query: "x", includePattern: "src/../**/*.ts" }],
    ["grep_search", { query: "x", includePattern: "docs/*.md,../**/*.tf" }],
    ["grep_search", { query: "x", includePattern: "{docs,../project}/**/*.tf" }],
    ["grep_search", { query: "x", includePattern: "~/work/**/*.csv" }],
    ["grep", { path: "src", include: "../**/*.ts" }],
    ["grep", { path: "src/*/../../*", include: "*.ts" }],
    ["search_files", { path: "src", file_pattern: `${userHome}/work/*/*/*.ts` }],
    ["codebase_search", { query: "x", target_directories: [join(userHome, "work/*")] }],
    ["read_many_files", { paths: [`${userHome}/**/*.ts`] }],
    ["read_many_files", { paths: ["docs", "**/*.ts"] }],
    ["read_many_files", { paths: ["docs"], include: ["**/*.ts"] }],
    ["read_many_files", { paths: ["../project/**/*.ts"], exclude: ["src/**"] }],
    // The last one decides.
    ["grep_search", { query: "x", includePattern: `!frontend/** ${project}/**/*.ts` }],
    ["Grep", { glob: "!{frontend,infra,data}/** !.env* frontend/app.ts" }],
    // It knows no such input.
    ["Grep", { exclude: "{frontend,infra,data}/**, .env*" }],
  ])("%s %j", (tool, input) => {
    expect(decide(tool, { pattern: "x", ...input })).toMatchObject({
      decision: "deny",
      rule: expect.stringContaining("restrictedPaths: "),
    });
  });

  test("whatever directory below the project the agent works in", () => {
    expect(decide("Grep", { pattern: "x", path: ".." }, join(project, "src")).decision).toBe("deny");
    expect(decide("Grep", { pattern: "x" }, join(project, "src")).decision).toBe("allow");
    expect(decide("Grep", { pattern: "x", path: "." }, join(project, "src")).decision).toBe("allow");
  });

  test("what is aimed at by a name alone stays so", () => {
    expect(decide("glob", { pattern: "frontend/**" }).decision).toBe("deny");
    expect(decide("file_search", { query: "**/.env*" }).decision).toBe("deny");
    expect(decide("grep_search", { query: "x", includePattern: "infra/**" }).decision).toBe("deny");
  });
});

describe("a search that reads nothing of it is allowed", () => {
  test.each([
    ["Grep", { path: "src" }],
    ["Grep", { path: "docs" }],
    ["Grep", { glob: "src/**" }],
    ["Grep", { glob: "*.md" }],
    ["Grep", { glob: "!{frontend,infra,data}/** !.env*" }],
    ["Grep", { glob: "!frontend/,!infra/,!data/raw/,!**/.env*" }],
    ["Grep", { glob: "*.ts !frontend" }],
    ["Grep", { path: "src/app/main.ts" }],
    ["Grep", { path: "nowhere" }],
    ["grep", { path: "src", include: "*.ts" }],
    ["grep_search", { query: "x", includePattern: "src/**/*.ts" }],
    ["search_file_content", { dir_path: "src" }],
    ["codebase_search", { query: "x", target_directories: ["src", "docs"] }],
    ["grep_search", { query: "x", excludePattern: "{frontend/**,infra/**,data/**,**/.env*}" }],
    ["read_many_files", { paths: ["**/*"], exclude: ["frontend/**", "infra/**", "data/raw/**", "**/.env*"] }],
    ["Grep", { path: `${project}/src/**/*.ts` }],
    ["grep_search", { query: "x", includePattern: `${project}/src/**/*.ts` }],
    ["grep_search", { query: "x", includePattern: "../project/docs/**" }],
    ["grep_search", { query: "x", includePattern: `${project}/**/*.ts,!frontend/**` }],
    ["grep", { path: "src/**", include: "*.tf" }],
    ["grep", { path: "src", include: "../docs/**" }],
    ["codebase_search", { query: "x", target_directories: ["src/*", `${project}/docs/*`] }],
    ["read_many_files", { paths: ["../project/**/*"], exclude: ["{frontend,infra,data}/**", "**/.env*"] }],
    ["read_many_files", { paths: ["docs", "src/**/*.ts"] }],
    ["codesearch", { query: "react useState" }],
    ["LS", { path: "." }],
    ["LS", { path: ".", ignore: [".env"] }],
    ["list_dir", { path: "." }],
    ["list_directory", { dir_path: project }],
  ])("%s %j", (tool, input) => {
    expect(decide(tool, { pattern: "x", ...input })).toMatchObject({ decision: "allow" });
  });

  test("so is one past what search tools leave out, and past links", () => {
    const directory = join(project, "packages/web");
    mkdirSync(join(directory, "node_modules/x/frontend"), { recursive: true });
    writeFileSync(join(directory, "node_modules/x/frontend/a.js"), "");
    symlinkSync(join(project, "infra"), join(directory, "link"));
    mkdirSync(join(directory, "frontend"));
    const search = () => decide("Grep", { pattern: "x", path: "packages" }).decision;
    expect(search()).toBe("allow");
    writeFileSync(join(directory, "frontend/a.js"), "");
    expect(search()).toBe("deny");
  });

  test("but not one that is sent into what search tools leave out", () => {
    mkdirSync(join(project, "tools/node_modules/x/frontend"), { recursive: true });
    writeFileSync(join(project, "tools/node_modules/x/frontend/a.js"), "");
    const search = (input: object) => decide("Grep", { pattern: "x", ...input }).decision;
    // As of ripgrep: a glob that a directory fits goes before .gitignore.
    for (const glob of ["*", "tools/**", "tools/*", "tools/node_modules/**", "**/node_modules/x/**", "n*"]) {
      expect(search({ glob: `${glob} !{frontend,infra,data,packages}/**` }), glob).toBe("deny");
    }
    expect(search({ path: "tools/node_modules" })).toBe("deny");
    expect(search({ path: "tools/n*/x" })).toBe("deny");
    for (const glob of ["*.js", "**/*.js", "**/x/*.js", "tools/*.js", "!docs", "* !node_modules"]) {
      expect(search({ path: "tools", glob }), glob).toBe("allow");
    }
    expect(search({ path: "tools/**/*.js" })).toBe("allow");
    expect(search({ path: "tools/**" })).toBe("allow");
  });
});

test("a search through more than is looked through is asked for", () => {
  const directory = join(project, "many");
  mkdirSync(directory);
  for (let index = 0; index < 20_001; index++) writeFileSync(join(directory, `${index}`), "");
  expect(decide("Grep", { pattern: "x", path: "many" })).toMatchObject({
    decision: "ask",
    rule: "search-too-large",
  });
  for (const glob of ["!many", "!many/", "!**/many/**", "src/*.ts"]) {
    expect(decide("Grep", { pattern: "x", glob })).not.toMatchObject({ rule: "search-too-large" });
  }
});

test("so is one that takes longer than the guard may be waited for", () => {
  // As long for each directory, and for nothing else, as a disk that hardly answers.
  let now = 0;
  const slow = { now: () => (now += 500) };
  const search = (path: string) => decide("Grep", { pattern: "x", path }, project, slow);
  mkdirSync(join(project, "deep/a/b/c/d/e/f"), { recursive: true });
  expect(search("deep")).toMatchObject({ decision: "ask", rule: "search-too-large" });
  expect(search("deep/a/b/c/d/e")).toMatchObject({ decision: "allow" });
  expect(search("data")).toMatchObject({ decision: "deny" });
});

test("what is advised against a denied search is allowed, or leads on", () => {
  // Without what the test before has left.
  let glob = "!many";
  for (let left = 20; left > 0; left--) {
    const { decision, reason } = decide("Grep", { pattern: "x", path: ".", glob });
    if (decision === "allow") return;
    const [advised] = /!\S+$/.exec(reason) ?? [];
    expect(advised).toBeDefined();
    expect(glob.split(" ")).not.toContain(advised);
    glob = `${glob} ${advised}`.trim();
  }
  expect.unreachable("the advice has no end");
});

describe("shells of other agents are shells", () => {
  test.each([
    ["bash"],
    ["run_in_terminal"],
    ["runInTerminal"],
    ["run_terminal_cmd"],
    ["run_shell_command"],
    ["execute_command"],
    ["shell"],
    ["shell_command"],
    ["execute_bash"],
  ])("%s", (tool) => {
    expect(decide(tool, { command: "cat .env" }).decision).toBe("deny");
    expect(decide(tool, { command: "tta-persona end" })).toMatchObject({ rule: "own-persona" });
    expect(decide(tool, { command: "ls" }).decision).toBe("allow");
  });

  test("and begin where they are told to", () => {
    expect(decide("shell", { command: ["cat", "raw/a.csv"], workdir: "data" }).decision).toBe("deny");
    expect(decide("run_shell_command", { command: "cat raw/a.csv", directory: "data" }).decision).toBe(
      "deny",
    );
    expect(decide("run_shell_command", { command: "cat app/main.ts", dir_path: "src" }).decision).toBe(
      "allow",
    );
  });

  test("their readers may read what decides over the agent", () => {
    for (const tool of ["read_file", "view", "grep"]) {
      expect(decide(tool, { path: ".claude/settings.json" }).decision).toBe("allow");
    }
    expect(decide("mcp__files__read_file", { path: ".claude/settings.json" }).decision).toBe("ask");
  });
});
