import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { capture, Failure, must, print } from "./command.mjs";
import { watchCoverage } from "./coverage.mjs";
import { canImport, projectPython } from "./python.mjs";

/** @typedef {"npm" | "python"} ProjectKind */

/**
 * @param {string} directory
 * @returns {ProjectKind | undefined}
 */
export function projectKind(directory) {
  if (existsSync(join(directory, "package.json"))) return "npm";
  if (existsSync(join(directory, "pyproject.toml"))) return "python";
  return undefined;
}

/**
 * Runs the project's own tests. Fails when one does.
 *
 * @param {string} directory
 * @param {ProjectKind} kind
 * @returns {Promise<{ tests: "passed" | "none", coverage: number | undefined }>} coverage in percent of lines,
 *   when this run of the tests has reported it.
 */
export async function runTests(directory, kind) {
  const reported = watchCoverage(directory);
  const tests = kind === "npm" ? await runNpmTests(directory) : await runPythonTests(directory);
  const coverage = reported();
  if (coverage !== undefined) print(`Coverage: ${coverage.percent} % of lines (${coverage.file}).`);
  else if (tests === "passed") print("The tests reported no coverage.");
  return { tests, coverage: coverage?.percent };
}

async function runNpmTests(directory) {
  await installDependencies(directory);
  const { scripts = {} } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
  // What `npm init` writes: https://docs.npmjs.com/cli/commands/npm-init
  if (scripts.test === undefined || scripts.test.includes("no test specified")) {
    print("package.json has no test script: nothing was tested.");
    return "none";
  }
  await must("The tests", "npm", ["test"], { cwd: directory });
  return "passed";
}

/** From the lock file, when they are not there: a fresh clone. */
async function installDependencies(directory) {
  const locks = ["package-lock.json", "npm-shrinkwrap.json"];
  if (existsSync(join(directory, "node_modules"))) return;
  if (!locks.some((lock) => existsSync(join(directory, lock)))) return;
  await must("Installing the dependencies", "npm", ["ci", "--no-audit", "--no-fund"], { cwd: directory });
}

async function runPythonTests(directory) {
  const listed = await capture("git", ["ls-files", "-z"], { cwd: directory });
  const files = listed.split("\0").filter((file) => /(?:^|\/)(?:test_[^/]*|[^/]*_test)\.py$/.test(file));
  if (files.length === 0) {
    print("There are no files test_*.py or *_test.py: nothing was tested.");
    return "none";
  }
  const python = projectPython(directory);
  const options = { cwd: directory, env: importPath(directory) };
  if (await canImport(python, "pytest")) {
    await must("The tests", python, ["-m", "pytest"], options);
    return "passed";
  }
  const discover = ["-m", "unittest", "discover", ...startDirectory(directory)];
  const { stderr } = await must("The tests", python, discover, options);
  // Before Python 3.12 it is content with having found none.
  if (/^Ran 0 tests/m.test(stderr)) {
    throw new Failure(`unittest ran no test, though there are test files (${files[0]}). Is pytest missing?`);
  }
  return "passed";
}

/** In the layout with `src/` a package can be imported from there only, unless it is installed. */
function importPath(directory) {
  if (!existsSync(join(directory, "src"))) return {};
  const path = [join(directory, "src"), process.env.PYTHONPATH].filter(Boolean);
  return { PYTHONPATH: path.join(delimiter) };
}

/** unittest looks into packages only, and folders of tests are often none. */
function startDirectory(directory) {
  const folder = ["tests", "test"].find((name) => existsSync(join(directory, name)));
  if (folder === undefined || existsSync(join(directory, folder, "__init__.py"))) return [];
  return ["-s", folder];
}
