import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { Failure, print } from "../project/command.mjs";
import { parameter } from "../project/stage.mjs";
import { git, tagExists } from "./git.mjs";
import { registries } from "./kinds.mjs";

/**
 * The gates of a release. Each fails with its reason.
 *
 * @type {Record<string, (plan: import("./release.mjs").ReleasePlan,
 *   validation: import("./release.mjs").Validation) => Promise<void>>}
 */
export const checks = {
  async installable(plan, { artifact, sha256, installedVersion }) {
    const isThere = existsSync(artifact);
    if (!isThere || createHash("sha256").update(readFileSync(artifact)).digest("hex") !== sha256) {
      throw new Failure(`${artifact} is not the file that was installed.`);
    }
    if (installedVersion !== plan.version)
      throw new Failure(`The installed package reports ${installedVersion}.`);
    print(`installed, it reports ${installedVersion}`);
  },

  async tagged({ version }) {
    const name = `v${version}`;
    if (!(await tagExists(version))) throw new Failure(`There is no tag ${name}.`);
    if ((await git("cat-file", "-t", `refs/tags/${name}`)) !== "tag")
      throw new Failure(`${name} is not annotated.`);
    const [tagged, head] = [
      await git("rev-parse", `refs/tags/${name}^{commit}`),
      await git("rev-parse", "HEAD"),
    ];
    if (tagged !== head) throw new Failure(`${name} is at ${tagged}, not at the release.`);
    print(`${name} is at ${head}`);
  },

  async published(plan, { artifact }) {
    if (parameter("publish") !== "true") {
      print("--publish was not given: a dry run only");
    } else if (!(await registries[plan.kind].isPublished({ plan, artifact }))) {
      throw new Failure(`The registry does not show ${plan.name} ${plan.version}.`);
    } else {
      print(`the registry has ${plan.name} ${plan.version}`);
    }
  },
};
