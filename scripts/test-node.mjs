// Runs the black-box tests, which start the built program as users do, under other majors of Node.js than the
// one at hand. Each comes through the npm package `node`, into npm's cache.
// Usage: npm run test:node [-- <major> …]
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const DEFAULT_MAJORS = ["22", "24"];
const root = fileURLToPath(new URL("..", import.meta.url));
const majors = process.argv.slice(2).length > 0 ? process.argv.slice(2) : DEFAULT_MAJORS;

/** Relative imports of a file that are more than types. */
const importsOf = (path) =>
  [...readFileSync(path, "utf8").matchAll(/^import (?!type\b)[^;]*? from "(\.[^"]+\.ts)"/gm)].map(
    ([, target]) => join(dirname(path), target),
  );

const RUN_BINARY = join(root, "test", "support", "run-binary.ts");
const known = new Map();

/** Whether it imports what starts the built program, itself or by another file of the tests. */
function startsProgram(path) {
  if (path === RUN_BINARY) return true;
  if (!path.startsWith(join(root, "test"))) return false;
  // Until it is known, for files that import each other.
  if (!known.has(path)) known.set(path, false).set(path, importsOf(path).some(startsProgram));
  return known.get(path);
}

/** They start `process.execPath`, so the Node.js that runs vitest is the one that is tested. */
const blackBox = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".test.ts"))
  .map((path) => join("test", path))
  .filter((path) => startsProgram(join(root, path)))
  .sort();

const failed = majors.filter((major) => {
  process.stdout.write(`\nNode.js ${major}: ${blackBox.length} test files\n`);
  const vitest = ["node", join("node_modules", "vitest", "vitest.mjs"), "run", ...blackBox];
  const { status } = spawnSync("npm", ["exec", "--yes", `--package=node@${major}`, "--", ...vitest], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  return status !== 0;
});

if (failed.length > 0) {
  process.stderr.write(`\nFailed under Node.js ${failed.join(", ")}\n`);
  process.exitCode = 1;
}
