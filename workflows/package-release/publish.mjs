import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { capture, Failure, print } from "../project/command.mjs";
import { handOn, parameter, resumeCommand } from "../project/stage.mjs";
import { git, gitSays, tagExists } from "./git.mjs";
import { registries } from "./kinds.mjs";
import { hashOf, pathsBetween, requireNothingElse } from "./release.mjs";

const AGAIN = `Validate again: ${resumeCommand("quality_validation")}`;

/**
 * Stage `publish_deploy`: commit, tag, publish, in this order: what cannot be undone comes last. Each step looks
 * first whether it was done already.
 *
 * @param {import("./release.mjs").ReleasePlan} plan
 * @param {import("./release.mjs").Validation} validation
 */
export async function publish(plan, validation) {
  await requireWhatWasValidated(plan, validation);
  const registry = registries[plan.kind];
  const release = { plan, artifact: validation.artifact };
  const isToBePublished = parameter("publish") === "true";
  if (!isToBePublished) await registry.dryRun(release);

  await commit(plan);
  await tag(plan.version);
  if (isToBePublished) await registry.publish(release);

  const what = isToBePublished ? "is published" : "would be published with --publish";
  print(
    `v${plan.version} is tagged; ${plan.name} ${plan.version} ${what}. To share the tag: git push --follow-tags`,
  );
  handOn({
    tag: `v${plan.version}`,
    commit: await git("rev-parse", "HEAD"),
    published: String(isToBePublished),
  });
}

/** The tag has to hold what was tested, and the artefact be what was checked. */
async function requireWhatWasValidated(plan, validation) {
  await requireNothingElse(plan);
  const own = new Set(plan.files.map(({ path }) => path));
  const head = await git("rev-parse", "HEAD");
  const since = (await gitSays("merge-base", "--is-ancestor", validation.head, head))
    ? await pathsBetween(validation.head, head)
    : ["the history"];
  const changed = [
    ...since.filter((path) => !own.has(path)),
    ...plan.files.map(({ path }) => path).filter((path) => hashOf(path) !== validation.files[path]),
  ];
  if (changed.length > 0)
    throw new Failure(`${changed[0]} changed since the package was validated. ${AGAIN}`);
  if (!existsSync(validation.artifact) || sha256Of(validation.artifact) !== validation.sha256) {
    throw new Failure(`${validation.artifact} is not the file that was validated. ${AGAIN}`);
  }
}

async function commit({ version, files }) {
  const paths = files.filter(({ isCommitted }) => isCommitted).map(({ path }) => path);
  await git("add", "--", ...paths);
  if (await gitSays("diff", "--cached", "--quiet", "HEAD", "--", ...paths)) {
    print("The release is committed already.");
    return;
  }
  await git("commit", "--quiet", "--message", `Release v${version}`, "--", ...paths);
  print(`Committed ${paths.join(", ")}.`);
}

async function tag(version) {
  const name = `v${version}`;
  if (!(await tagExists(version))) {
    await capture("git", ["tag", "--annotate", "--message", `Release ${name}`, name]);
    print(`Tagged ${name}.`);
    return;
  }
  const [tagged, head] = await Promise.all([
    git("rev-parse", `refs/tags/${name}^{commit}`),
    git("rev-parse", "HEAD"),
  ]);
  if (tagged !== head) throw new Failure(`The tag ${name} is at ${tagged}, and the release is ${head}.`);
  print(`${name} is tagged already.`);
}

function sha256Of(file) {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
