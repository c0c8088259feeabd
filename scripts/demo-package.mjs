// A small npm package in a git repository, for the demo to release: one function, its test, and a coverage report.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const files = {
  "package.json": `${JSON.stringify(
    {
      name: "demo-greeting",
      version: "0.2.0",
      type: "module",
      main: "index.js",
      files: ["index.js"],
      scripts: { test: "node --test && node coverage.js" },
    },
    null,
    2,
  )}\n`,
  "index.js": 'export const greeting = (name) => ["Hello", name].join(", ");\n',
  "index.test.js": [
    'import assert from "node:assert";',
    'import { test } from "node:test";',
    'import { greeting } from "./index.js";',
    'test("greets by name", () => assert.equal(greeting("you"), "Hello, you"));',
    "",
  ].join("\n"),
  // In place of a coverage tool, which would have to be downloaded.
  "coverage.js": [
    'import { mkdirSync, writeFileSync } from "node:fs";',
    'mkdirSync("coverage", { recursive: true });',
    "const lines = { total: 1, covered: 1, pct: 100 };",
    'writeFileSync("coverage/coverage-summary.json", JSON.stringify({ total: { lines } }));',
    "",
  ].join("\n"),
  ".gitignore": "coverage/\n",
};

/** @param env of the git commands; its HOME gets an identity for them. */
export function createDemoPackage(directory, env) {
  writeFileSync(
    join(env.HOME, ".gitconfig"),
    "[user]\n\tname = Demo\n\temail = demo@example.invalid\n[init]\n\tdefaultBranch = main\n",
  );
  mkdirSync(directory);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
  const git = (...args) => execFileSync("git", args, { cwd: directory, env, stdio: "ignore" });
  git("init");
  git("add", ".");
  git("commit", "-m", "Greet by name");
}
