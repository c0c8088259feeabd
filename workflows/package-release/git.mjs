import { capture, Failure, run } from "../project/command.mjs";

/**
 * @param {...string} args
 * @returns {Promise<string>} what it printed.
 */
export function git(...args) {
  return capture("git", args);
}

/**
 * @param {...string} args
 * @returns {Promise<boolean>} whether it ended with 0.
 */
export async function gitSays(...args) {
  return (await run("git", args, { quiet: true })).code === 0;
}

/** Fails unless this is a place where a commit and a tag can be made. */
export async function requireRepository() {
  const { code, stderr } = await run("git", ["rev-parse", "--is-inside-work-tree"], { quiet: true });
  if (code === 127) throw new Failure("git is not in PATH. Install it.");
  // Also when git refuses a folder of another owner: it says itself what to do.
  if (/not a git repository/.test(stderr)) {
    throw new Failure(
      `${process.cwd()} is not in a git repository. Go to the project, or make one: git init`,
    );
  }
  if (code !== 0) throw new Failure(`${process.cwd()} is no git repository to use: ${stderr.trim()}`);
  if (!(await gitSays("rev-parse", "--verify", "--quiet", "HEAD^{commit}"))) {
    throw new Failure("The git repository has no commit yet. Make the first one, then release.");
  }
  if (!(await gitSays("var", "GIT_COMMITTER_IDENT")) || !(await gitSays("var", "GIT_AUTHOR_IDENT"))) {
    throw new Failure("git does not know who commits. Set user.name and user.email with `git config`.");
  }
}

/**
 * Paths that differ from the last commit, from the top of the repository.
 *
 * @param {"all" | "no"} untracked whether files count that git does not know (ignored ones never do).
 * @returns {Promise<string[]>}
 */
export async function changedPaths(untracked) {
  const entries = (
    await git("status", "--porcelain=v1", "-z", "--no-renames", `--untracked-files=${untracked}`)
  )
    .split("\0")
    .filter((entry) => entry !== "");
  return entries.map((entry) => entry.slice(3));
}

/** @param {string} version */
export function tagExists(version) {
  return gitSays("rev-parse", "--verify", "--quiet", `refs/tags/v${version}`);
}

/**
 * The subjects of the commits since the last tag of a version, newest first, that touched this folder.
 *
 * @returns {Promise<string[]>}
 */
export async function subjectsSinceLastTag() {
  const described = await run("git", ["describe", "--tags", "--abbrev=0", "--match", "v[0-9]*"], {
    quiet: true,
  });
  const range = described.code === 0 ? `refs/tags/${described.stdout.trim()}..HEAD` : "HEAD";
  // At the top of the repository also commits that touch no file.
  const paths = (await git("rev-parse", "--show-prefix")) === "" ? [] : ["--", "."];
  const log = await git("log", "--no-merges", "--no-show-signature", "--format=%s", range, ...paths);
  return log.split("\n").filter((subject) => subject.trim() !== "");
}
