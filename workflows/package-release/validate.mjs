import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Failure, print } from "../project/command.mjs";
import { handOn } from "../project/stage.mjs";
import { runTests } from "../project/tests.mjs";
import { git } from "./git.mjs";
import { packages } from "./kinds.mjs";
import { hashOf, requireNothingElse, writeNote } from "./release.mjs";

/**
 * Stage `quality_validation`: tests, builds and packs the package, and installs what was packed.
 *
 * @param {import("./release.mjs").ReleasePlan} plan
 * @param {string} directory of the release.
 */
export async function validate(plan, directory) {
  await requireNothingElse(plan);
  const { tests, coverage } = await runTests(process.cwd(), plan.kind);

  const into = join(directory, "dist");
  rmSync(into, { recursive: true, force: true });
  mkdirSync(into);
  const { pack, install } = packages[plan.kind];
  const artifact = await pack(into);
  const installedVersion = await install(artifact, plan);
  if (installedVersion !== plan.version) {
    throw new Failure(
      `The installed package reports ${installedVersion || "no version"}, and ${plan.version} was packed.`,
    );
  }
  // Tests and builds write files, too.
  await requireNothingElse(plan);

  const sha256 = createHash("sha256").update(readFileSync(artifact)).digest("hex");
  const files = Object.fromEntries(plan.files.map(({ path }) => [path, hashOf(path)]));
  writeNote(directory, "validation", {
    head: await git("rev-parse", "HEAD"),
    files,
    artifact,
    sha256,
    installedVersion,
  });
  print(`${artifact} installs and reports ${installedVersion}.`);
  handOn({ artifact, sha256, coverage, tests: tests === "passed" ? tests : undefined });
}
