import { buildingPython } from "./building-python.ts";
import { isInPath } from "./is-in-path.ts";
import { missingRealServers } from "./missing-real-servers.ts";

/** Commands that single tests need, which are skipped without. */
const TOOLS = ["bash", "fish", "git", "openssl", "ps", "script", "setsid", "strace", "tmux", "zsh"];

/** Runs once before all test files: says in one line each which tests are going to be left out. */
export default function announceRealServers(): void {
  const left = [
    { what: "tests against real servers", missing: missingRealServers() },
    {
      what: "tests of Python packages",
      missing: buildingPython.isThere ? [] : ["python3 with pip, setuptools and wheel"],
    },
    { what: "tests that need them", missing: TOOLS.filter((tool) => !isInPath(tool)) },
  ].filter(({ missing }) => missing.length > 0);
  if (left.length === 0) return;
  if (process.env.TTA_PERSONA_REQUIRE_SERVERS === "1") {
    const missing = left.flatMap((suite) => suite.missing);
    throw new Error(`TTA_PERSONA_REQUIRE_SERVERS=1, but not found in PATH: ${missing.join(", ")}`);
  }
  for (const { what, missing } of left) {
    process.stderr.write(`Left out: ${what}, for want of ${missing.join(", ")} in PATH.\n`);
  }
}
