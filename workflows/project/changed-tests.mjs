// Passes when a test was added or changed: in the working tree, or in commits that the branch is ahead by.
import { capture, Failure, print, run, runMain } from "./command.mjs";

/** By folder or by name, as the test runners of the common languages look for them. */
const TEST_FILE = [
  /(?:^|\/)(?:tests?|__tests__|specs?|e2e)\//,
  /(?:^|\/)test_[^/]*\.py$/,
  /[._-](?:test|spec)s?\.[a-z]+$/,
  /(?:Tests?|Spec)\.(?:java|kt|cs|swift|php|scala)$/,
];
/** Where a branch that follows none has usually come from. */
const MAIN_BRANCHES = ["@{upstream}", "refs/remotes/origin/HEAD", "refs/heads/main", "refs/heads/master"];

await runMain(async () => {
  const base = await branchingPoint();
  const changed = [
    ...lines(await capture("git", ["diff", "--name-only", "--diff-filter=d", "-z", base, "--", "."])),
    ...lines(await capture("git", ["ls-files", "--others", "--exclude-standard", "-z"])),
  ];
  const tests = changed.filter((path) => TEST_FILE.some((pattern) => pattern.test(path)));
  if (tests.length === 0) {
    throw new Failure(
      `No test was added or changed since ${base.slice(0, 12)}. Add one that fails without the fix.`,
    );
  }
  print(`tests added or changed: ${tests.join(", ")}`);
});

async function branchingPoint() {
  for (const branch of MAIN_BRANCHES) {
    const { code, stdout } = await run("git", ["merge-base", "HEAD", branch], { quiet: true });
    if (code === 0) return stdout.trim();
  }
  return capture("git", ["rev-parse", "HEAD"]);
}

function lines(output) {
  return output.split("\0").filter((path) => path !== "");
}
