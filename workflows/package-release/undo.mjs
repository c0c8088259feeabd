import { resumeCommand } from "../project/stage.mjs";
import { git, tagExists } from "./git.mjs";
import { hashOf } from "./release.mjs";

/**
 * Says what a release has done so far, how to go on with it, and how to undo it.
 *
 * @param {import("./release.mjs").ReleasePlan} plan
 * @param {string} [toGoOn] the command for it.
 * @returns {Promise<string>} empty when nothing has been done.
 */
export async function standOfRelease(plan, toGoOn = resumeCommand()) {
  const { version, files } = plan;
  const made = files.filter(({ path, before }) => hashOf(path) !== before);
  if (made.length === 0) return "";

  const isCommitted = await hasReleaseCommit(version);
  const isTagged = await tagExists(version);
  const done = [
    `${made.map(({ path }) => path).join(", ")} changed for ${version}`,
    ...(isCommitted ? [`committed as "Release v${version}"`] : ["not committed"]),
    ...(isTagged ? [`tagged v${version}`] : []),
  ];
  const undo = [
    ...(isTagged ? [`git tag -d v${version}`] : []),
    ...(isCommitted ? ["git reset --keep HEAD~1"] : restore(made)),
  ];
  return [`So far: ${done.join("; ")}.`, `To go on: ${toGoOn}`, `To undo:  ${undo.join(" && ")}`].join("\n");
}

async function hasReleaseCommit(version) {
  return (await git("log", "-1", "--no-show-signature", "--format=%s")) === `Release v${version}`;
}

/** The commands that bring files back which are not committed. */
function restore(made) {
  const changed = made.filter(({ before }) => before !== null).map(({ path }) => path);
  const created = made.filter(({ before }) => before === null).map(({ path }) => path);
  return [
    ...(changed.length > 0 ? [`git checkout HEAD -- ${changed.join(" ")}`] : []),
    ...(created.length > 0
      ? [`git rm -q --cached --ignore-unmatch -- ${created.join(" ")}`, `rm -- ${created.join(" ")}`]
      : []),
  ];
}
