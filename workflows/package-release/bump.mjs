import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { Failure, print } from "../project/command.mjs";
import { handOn, parameter, resumeLatestCommand } from "../project/stage.mjs";
import { addSection, hasSection, unreleasedEntries } from "./changelog.mjs";
import { changedPaths, git, gitSays, requireRepository, subjectsSinceLastTag, tagExists } from "./git.mjs";
import { packageKind, packages } from "./kinds.mjs";
import {
  applyPlan,
  isUnderWay,
  listed,
  otherReleases,
  readNote,
  releaseDirectory,
  requireNothingElse,
  unfinishedRelease,
  writePlan,
} from "./release.mjs";
import { standOfRelease } from "./undo.mjs";
import { parseSemver } from "./versions.mjs";

const CHANGELOG = "CHANGELOG.md";
const KEPT_RELEASES = 5;

/** Stage `version_bump`: checks everything, then changes the files that name the version. */
export async function bump() {
  const version = requiredVersion();
  await requireRepository();
  if (await tagExists(version)) {
    throw new Failure(
      `The tag v${version} exists already: release a newer version. ` +
        `A release that was interrupted goes on with: ${resumeLatestCommand()}`,
    );
  }
  const directory = await releaseDirectory(version);
  const earlier = readNote(directory, "plan");
  const plan =
    earlier !== undefined && isUnderWay(earlier)
      ? await goOnWith(earlier)
      : await planRelease(version, directory);

  applyPlan(directory, plan);
  for (const { path, before } of plan.files) print(`${path} ${before === null ? "made" : "changed"}`);
  print(`${plan.name} ${plan.previous} -> ${plan.version}`);
  handOn({ kind: plan.kind, name: plan.name, previous: plan.previous });
}

/** @returns {string} the version to be released. */
export function requiredVersion() {
  const version = parameter("version");
  if (version === undefined || version === "")
    throw new Failure("--version is missing: which one is released?");
  const parsed = parseSemver(version);
  if (parsed === undefined) throw new Failure(`${JSON.stringify(version)} is not a version such as 1.2.0.`);
  if (parsed.build !== undefined) {
    throw new Failure(
      `${version} has build metadata (+${parsed.build}), which registries drop. Leave them out.`,
    );
  }
  return version;
}

/** Everything is checked here, and nothing but git's own directory touched. */
async function planRelease(version, directory) {
  const kind = packageKind();
  if (kind === undefined) {
    throw new Failure(`There is no package.json and no pyproject.toml in ${process.cwd()}.`);
  }
  const { manifest, read, refusalOf, edits } = packages[kind];
  const { name, version: previous } = await read();
  if (!(await gitSays("ls-files", "--error-unmatch", "--", manifest))) {
    throw new Failure(`git does not know ${manifest}. Commit it first.`);
  }
  await requireCleanTree(directory);
  const refusal = await refusalOf(version, previous, parameter("publish") === "true");
  if (refusal !== undefined) throw new Failure(refusal);

  const text = existsSync(CHANGELOG) ? readFileSync(CHANGELOG, "utf8") : undefined;
  if (text !== undefined && hasSection(text, version)) {
    throw new Failure(
      `${CHANGELOG} has a section for ${version} already. Release a newer version, or remove it.`,
    );
  }
  const section = {
    version,
    date: new Date().toISOString().slice(0, 10),
    entries: await entriesOf(text, previous),
  };
  const all = [...(await edits(version)), { path: CHANGELOG, text: addSection(text, section) }];
  const needed = all.filter(
    ({ path, text: edited }) => !existsSync(path) || readFileSync(path, "utf8") !== edited,
  );
  const marked = await Promise.all(
    needed.map(async (edit) => ({
      ...edit,
      isCommitted: !(await gitSays("check-ignore", "--quiet", edit.path)),
    })),
  );
  forgetOthers(directory);
  const head = await git("rev-parse", "HEAD");
  return writePlan(
    directory,
    { version, previous, kind, name, changelog: parameter("changelog"), head },
    marked,
  );
}

async function requireCleanTree(directory) {
  const changed = await changedPaths("all");
  if (changed.length === 0) return;
  const other = await unfinishedRelease(directory, changed);
  if (other !== undefined) {
    const stand = await standOfRelease(other, resumeLatestCommand());
    throw new Failure(`The release of ${other.version} is not finished.\n${stand}`);
  }
  throw new Failure(`The tree is not clean: ${listed(changed)}. Commit, stash or ignore that, then release.`);
}

/** From the user, else what was written under `## [Unreleased]`, else the commits. */
async function entriesOf(text, previous) {
  const given = parameter("changelog");
  if (given !== undefined && given.trim() !== "") return given;
  if (text !== undefined && unreleasedEntries(text) !== "") return "";
  const subjects = await subjectsSinceLastTag();
  if (subjects.length === 0) return `No changes since ${previous}.`;
  return subjects.map((subject) => `- ${subject}`).join("\n");
}

async function goOnWith(plan) {
  if (plan.changelog !== parameter("changelog")) {
    const stand = await standOfRelease(plan, resumeLatestCommand());
    throw new Failure(`A release of ${plan.version} with another --changelog is under way.\n${stand}`);
  }
  await requireNothingElse(plan);
  print(`Going on with the release of ${plan.version}.`);
  return plan;
}

/** The notes and artefacts of earlier releases, but for the newest: one of them may still have to be published. */
function forgetOthers(directory) {
  const others = otherReleases(directory)
    .map((path) => ({ path, changedAt: statSync(path).mtimeMs }))
    .sort((a, b) => b.changedAt - a.changedAt);
  for (const { path } of others.slice(KEPT_RELEASES)) rmSync(path, { recursive: true, force: true });
}
