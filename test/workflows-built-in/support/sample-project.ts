import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { buildingPython } from "../../support/building-python.ts";
import { temporaryDirectory, temporaryDirectoryOfFile } from "../../support/temporary-directory.ts";
import { sealedEnvironment } from "./stage.ts";

export interface SampleProject {
  /** Holds the project and everything that its tools write elsewhere. */
  readonly root: string;
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  read(path: string): string;
  has(path: string): boolean;
  write(path: string, text: string): void;
  remove(path: string): void;
  git(...args: string[]): string;
  commit(message: string): void;
  /** What `git status` lists. */
  changes(): string[];
}

const npmFiles = {
  "package.json": `{
    "name": "@sample/greeter",   "version": "0.1.0",
    "bin": { "greet": "bin/greet.mjs" },
    "files": ["bin", "lib.mjs"],
    "scripts": { "test": "node --test && node report.mjs", "build": "node build.mjs" },
    "config": { "version": "untouched" }
}
`,
  "package-lock.json": `${JSON.stringify(
    {
      name: "@sample/greeter",
      version: "0.1.0",
      lockfileVersion: 3,
      requires: true,
      packages: { "": { name: "@sample/greeter", version: "0.1.0", bin: { greet: "bin/greet.mjs" } } },
    },
    null,
    2,
  )}\n`,
  "lib.mjs": 'export const greet = (name) => ["Hello, ", name, "!"].join("");\n',
  "bin/greet.mjs": `#!/usr/bin/env node
import { readFileSync } from "node:fs";
console.log(JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version);
`,
  "test/greet.test.mjs": `import { equal } from "node:assert";
import { test } from "node:test";
import { greet } from "../lib.mjs";
test("greets", () => equal(greet("Ada"), "Hello, Ada!"));
`,
  "report.mjs": `import { mkdirSync, writeFileSync } from "node:fs";
mkdirSync("coverage", { recursive: true });
writeFileSync("coverage/coverage-summary.json", '{"total": {"lines": {"pct": 91.5}}}');
`,
  "build.mjs": `import { writeFileSync } from "node:fs";
writeFileSync("built.txt", "built");
`,
  ".gitignore": "node_modules\ncoverage\nbuilt.txt\n",
};

const pythonFiles = {
  "pyproject.toml": `[build-system]
requires = ["setuptools>=61"]
build-backend = "setuptools.build_meta"

[tool.other]
version = "9.9.9"

[project]
name = "sample-greeter"
version = '0.1.0'  # kept by the release
description = "Says hello"

[tool.setuptools]
packages = ["sample_greeter"]
`,
  "sample_greeter/__init__.py": 'def greet(name):\n    return f"Hello, {name}!"\n',
  "tests/test_greet.py": `import unittest
from sample_greeter import greet

class GreetTest(unittest.TestCase):
    def test_greets(self):
        self.assertEqual(greet("Ada"), "Hello, Ada!")
`,
  ".gitignore": "__pycache__\n",
};

/** Holds what was made once for all tests of the file. */
const made = temporaryDirectoryOfFile();

/** An npm package at 0.1.0 with two commits, tests that report 91.5 % of lines, a build and a command. */
export function npmProject(): SampleProject {
  return project(temporaryDirectory(), "npm", npmFiles, []);
}

/** A Python package at 0.1.0, built by setuptools, tested by unittest. */
export function pythonProject(): SampleProject {
  const root = temporaryDirectory();
  return project(root, "python", pythonFiles, [buildingPython.directory(root)]);
}

/**
 * An npm package with which something was done, once for all tests of the file: each gets it as it was then, and in
 * the same place, since a release notes the path of its artefact.
 *
 * @param name of its directory.
 */
export function preparedNpmProject(
  name: string,
  prepare: (project: SampleProject) => Promise<unknown>,
): () => Promise<SampleProject> {
  const root = join(made, name);
  const kept = join(made, `${name}-kept`);
  let preparing: Promise<SampleProject> | undefined;
  async function prepareOnce() {
    mkdirSync(root);
    const sample = project(root, "npm", npmFiles, []);
    await prepare(sample);
    cpSync(root, kept, { recursive: true });
    return sample;
  }
  return async () => {
    preparing ??= prepareOnce();
    const sample = await preparing;
    rmSync(root, { recursive: true, force: true });
    cpSync(kept, root, { recursive: true });
    onTestFinished(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));
    return sample;
  };
}

function project(
  root: string,
  kind: "npm" | "python",
  files: Readonly<Record<string, string>>,
  pathFirst: readonly string[],
): SampleProject {
  const env = sealedEnvironment(root, pathFirst);
  const sample = sampleIn(root, env);
  const repository = join(made, kind);
  if (existsSync(repository)) {
    cpSync(repository, sample.directory, { recursive: true });
    return sample;
  }
  mkdirSync(sample.directory);
  sample.git("init", "--quiet", "--initial-branch=main", "--template=");
  for (const [path, text] of Object.entries(files)) sample.write(path, text);
  sample.commit("Greet by name");
  sample.commit("Mend the greeting");
  cpSync(sample.directory, repository, { recursive: true });
  return sample;
}

function sampleIn(root: string, env: SampleProject["env"]): SampleProject {
  const directory = join(root, "project");
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: directory, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  return {
    root,
    directory,
    env,
    read: (path) => readFileSync(join(directory, path), "utf8"),
    has: (path) => existsSync(join(directory, path)),
    write(path, text) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), text, { mode: path.startsWith("bin/") ? 0o755 : 0o644 });
    },
    remove: (path) => rmSync(join(directory, path), { recursive: true }),
    git: (...args) => git(...args).trimEnd(),
    commit(message) {
      git("add", "--all");
      git("commit", "--quiet", "--allow-empty", "--message", message);
    },
    changes: () =>
      git("status", "--porcelain", "--untracked-files=all")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => line.slice(3)),
  };
}
