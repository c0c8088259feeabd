// Runs the tests that hold properties with examples of another seed and more of them than `npm test`, whose seed is
// fixed. FUZZ_SEED, which fast-check prints with what it finds, draws the same again; FUZZ_RUNS is how many,
// for a property that asks for more or fewer than 100 likewise more or fewer.
// Usage: npm run fuzz [-- <vitest filter> …]
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const filters = process.argv.slice(2);
const properties = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".test.ts"))
  .map((path) => join("test", path))
  .filter((path) => readFileSync(join(root, path), "utf8").includes('from "fast-check"'))
  .filter((path) => filters.length === 0 || filters.some((filter) => path.includes(filter)))
  .sort();

const { FUZZ_SEED = String(Math.floor(Math.random() * 2 ** 31)), FUZZ_RUNS = "2000" } = process.env;
process.stdout.write(`FUZZ_SEED=${FUZZ_SEED} FUZZ_RUNS=${FUZZ_RUNS}: ${properties.length} test files\n`);

const vitest = [join("node_modules", "vitest", "vitest.mjs"), "run", "--testTimeout=600000", ...properties];
const { status } = spawnSync(process.execPath, vitest, {
  cwd: root,
  env: { ...process.env, FUZZ_SEED, FUZZ_RUNS },
  stdio: ["ignore", "inherit", "inherit"],
});
process.exitCode = status ?? 1;
