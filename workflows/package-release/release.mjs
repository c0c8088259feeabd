import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Failure } from "../project/command.mjs";
import { resumeCommand } from "../project/stage.mjs";
import { changedPaths, git } from "./git.mjs";

/**
 * What a release is about to change, written down before it does, so that it can be gone on with or undone after
 * it was killed at any point. It lies in git's own directory: there it never makes the tree dirty.
 *
 * @typedef {object} ReleasePlan
 * @property {string} version
 * @property {string} previous
 * @property {"npm" | "python"} kind
 * @property {string} name
 * @property {string | undefined} changelog the parameter it was planned with.
 * @property {string} head the commit it started from.
 * @property {readonly PlannedFile[]} files
 *
 * @typedef {object} PlannedFile
 * @property {string} path relative to the package's folder.
 * @property {string | null} before hash of its content; null when it is to be made.
 * @property {string} after
 * @property {boolean} isCommitted false for what git ignores.
 *
 * What the checks were made of.
 * @typedef {object} Validation
 * @property {string} head
 * @property {Record<string, string>} files hashes of the planned files.
 * @property {string} artifact absolute path.
 * @property {string} sha256
 * @property {string} installedVersion
 */

/**
 * @param {string} version a valid one.
 * @returns {Promise<string>} the directory of the release's notes and artefacts.
 */
export async function releaseDirectory(version) {
  const [gitDirectory, prefix] = [await git("rev-parse", "--absolute-git-dir"), await packagePrefix()];
  return join(gitDirectory, "tta-persona", "release", `${prefix.replaceAll("/", "%")}v${version}`);
}

/** Where the package's folder is in the repository: "" or "packages/api/". */
function packagePrefix() {
  return git("rev-parse", "--show-prefix");
}

/**
 * @param {string} directory of the release.
 * @param {"plan" | "validation"} what
 * @returns {any} undefined when there is none.
 */
export function readNote(directory, what) {
  const file = join(directory, `${what}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}

/**
 * @param {string} directory of the release.
 * @param {"plan" | "validation"} what
 * @param {ReleasePlan | Validation} note
 */
export function writeNote(directory, what, note) {
  mkdirSync(directory, { recursive: true });
  replaceFile(join(directory, `${what}.json`), `${JSON.stringify(note, null, 2)}\n`, directory);
}

/**
 * Makes the plan's changes that are not made yet.
 *
 * @param {string} directory of the release; it holds the new contents.
 * @param {ReleasePlan} plan
 */
export function applyPlan(directory, plan) {
  for (const [index, { path, after }] of plan.files.entries()) {
    if (hashOf(path) === after) continue;
    replaceFile(path, readFileSync(join(directory, `file-${index}`)), directory);
  }
}

/**
 * Writes the plan down, and the contents it is going to write.
 *
 * @param {string} directory of the release.
 * @param {Omit<ReleasePlan, "files">} plan
 * @param {readonly { path: string, text: string, isCommitted: boolean }[]} edits
 * @returns {ReleasePlan}
 */
export function writePlan(directory, plan, edits) {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const [index, { text }] of edits.entries()) writeFileSync(join(directory, `file-${index}`), text);
  const files = edits.map(({ path, text, isCommitted }) => ({
    path,
    before: hashOf(path),
    after: sha256(text),
    isCommitted,
  }));
  const written = { ...plan, files };
  writeNote(directory, "plan", written);
  return written;
}

/**
 * Whether some of the plan's changes are there, and nothing else in those files.
 *
 * @param {ReleasePlan} plan
 */
export function isUnderWay(plan) {
  const states = plan.files.map(({ path, before, after }) => {
    const hash = hashOf(path);
    if (hash === after) return "made";
    return hash === before ? "to be made" : "foreign";
  });
  return states.includes("made") && !states.includes("foreign");
}

/**
 * The plan of another release of this package that was begun and not committed.
 *
 * @param {string} directory of this release.
 * @param {readonly string[]} changed the paths that git says differ from the last commit.
 * @returns {Promise<ReleasePlan | undefined>}
 */
export async function unfinishedRelease(directory, changed) {
  const prefix = await packagePrefix();
  const isMade = ({ path, after }) => changed.includes(prefix + path) && hashOf(path) === after;
  return otherReleases(directory)
    .map((other) => readNote(other, "plan"))
    .find((plan) => plan?.files.some(isMade));
}

/**
 * @param {string} directory of a release.
 * @returns {string[]} those of the others.
 */
export function otherReleases(directory) {
  const parent = dirname(directory);
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .map((name) => join(parent, name))
    .filter((path) => path !== directory);
}

/**
 * Fails when files that git knows differ from the last commit and are not the release's own: the tag would not
 * hold what was tested.
 *
 * @param {ReleasePlan} plan
 */
export async function requireNothingElse(plan) {
  const prefix = await packagePrefix();
  const own = new Set(plan.files.map(({ path }) => prefix + path));
  const foreign = (await changedPaths("no")).filter((path) => !own.has(path));
  if (foreign.length === 0) return;
  throw new Failure(
    `${listed(foreign)} changed since the release began, and would be missing from it. ` +
      `Commit or restore them, then validate again: ${resumeCommand("quality_validation")}`,
  );
}

/**
 * The paths of a commit range, relative to the package's folder where they lie in it.
 *
 * @param {string} from
 * @param {string} to
 */
export async function pathsBetween(from, to) {
  const prefix = await packagePrefix();
  const names = await git("diff", "--name-only", "--no-renames", "-z", from, to);
  return names
    .split("\0")
    .filter((name) => name !== "")
    .map((name) => (name.startsWith(prefix) ? name.slice(prefix.length) : `/${name}`));
}

/**
 * @param {string} path
 * @returns {string | null} null when there is no such file.
 */
export function hashOf(path) {
  return existsSync(path) ? sha256(readFileSync(path)) : null;
}

/** @param {readonly string[]} paths at most five of them are named. */
export function listed(paths) {
  const more = paths.length > 5 ? ` and ${paths.length - 5} more` : "";
  return paths.slice(0, 5).join(", ") + more;
}

function sha256(content) {
  return createHash("sha256").update(content).digest("hex");
}

/** At once, or not at all; a link stays a link, and the mode is kept. */
function replaceFile(path, content, stagingDirectory) {
  const target = existsSync(path) ? realpathSync(path) : path;
  const mode = statSync(target, { throwIfNoEntry: false })?.mode ?? 0o644;
  const staged = join(stagingDirectory, "staged");
  rmSync(staged, { force: true });
  writeFileSync(staged, content, { mode: mode & 0o777, flush: true });
  try {
    renameSync(staged, target);
  } catch (error) {
    if (error.code !== "EXDEV") throw error;
    // git's directory is on another file system (a linked worktree).
    const beside = join(dirname(target), ".tta-persona-staged");
    writeFileSync(beside, content, { mode: mode & 0o777, flush: true });
    renameSync(beside, target);
  }
}
