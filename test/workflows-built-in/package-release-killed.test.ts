import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { awayFromMidnight } from "../support/away-from-midnight.ts";
import { killAt, logSteps, readSteps } from "../support/preloads.ts";
import { killedAt } from "./support/killing-programs.ts";
import { startNpmRegistry } from "./support/npm-registry.ts";
import { stage, succeed, validatedNpmProject } from "./support/release.ts";
import { npmProject, type SampleProject } from "./support/sample-project.ts";
import { runScript, type StageResult, scriptOf } from "./support/stage.ts";

beforeEach(awayFromMidnight);

const parameters = { version: "0.3.0", publish: "true" };
const KILLED = 137;
const VALIDATION = ".git/tta-persona/release/v0.3.0/validation.json";

describe("package-release, killed and resumed,", () => {
  test("bumps once, wherever the bump was killed", async () => {
    const undisturbed = withEmptyNpm(npmProject());
    const log = join(undisturbed.root, "steps");
    await succeed(bumpUnder(undisturbed, logSteps(log)));
    const steps = readSteps(log);
    expect(steps.filter((step) => step.startsWith("renameSync")).length).toBeGreaterThanOrEqual(4);

    for (const when of ["before", "torn"] as const) {
      for (const [index, step] of steps.entries()) {
        if (when === "torn" && !step.startsWith("writeSync")) continue;
        const project = withEmptyNpm(npmProject());
        const killed = await bumpUnder(project, killAt({ step: index + 1, when }));
        expect(killed.code, `${when} ${step}`).toBe(KILLED);
        const resumed = await succeed(stage(project, "version_bump", parameters));
        expect(resumed.outputs).toEqual({ kind: "npm", name: "@sample/greeter", previous: "0.1.0" });
        for (const path of ["package.json", "package-lock.json", "CHANGELOG.md"]) {
          const read = (one: SampleProject) => one.read(path).replace(/\d{4}-\d\d-\d\d/, "<day>");
          expect(read(project), `${path}, killed ${when} ${step}`).toBe(read(undisturbed));
        }
        expect(project.changes().sort()).toEqual(undisturbed.changes().sort());
      }
    }
  });

  test.each([
    ["npm", "publish", "before"],
    ["npm", "publish", "after"],
    ["git", "add", "after"],
    ["git", "commit", "before"],
    ["git", "commit", "after"],
    ["git", "tag", "before"],
    ["git", "tag", "after"],
  ] as const)("commits, tags and publishes once: %s %s, %s", async (program, argument, when) => {
    const registry = await startNpmRegistry();
    const sample = await validatedNpmProject();
    const project = { ...sample, env: { ...sample.env, ...registry.env } };
    const killed = await stage(killedAt(project, program, [argument], when), "publish_deploy", parameters);
    expect(killed.code).toBe(KILLED);

    await succeed(stage(project, "publish_deploy", parameters));
    expect(registry.putCount()).toBe(1);
    expect(registry.versions("@sample/greeter")).toEqual(["0.3.0"]);
    expect(project.git("log", "--format=%s", "v0.3.0").split("\n")).toEqual([
      "Release v0.3.0",
      "Mend the greeting",
      "Greet by name",
    ]);
    expect(project.changes()).toEqual([]);
  });

  test("makes the artefact of an undisturbed release", async () => {
    const undisturbed = (await validatedNpmProject()).read(VALIDATION);
    const project = npmProject();
    await succeed(stage(project, "version_bump"));
    for (const [program, argument] of [
      ["npm", "test"],
      ["npm", "pack"],
      ["npm", "install"],
    ] as const) {
      const killed = await stage(killedAt(project, program, [argument], "after"), "quality_validation");
      expect(killed.code).toBe(KILLED);
    }
    const { outputs } = await succeed(stage(project, "quality_validation"));
    expect(outputs.sha256).toBe(JSON.parse(undisturbed).sha256);
  });
});

/** The bump only asks whether npm is there, and that at every kill: an empty program answers sooner. */
function withEmptyNpm(project: SampleProject): SampleProject {
  const directory = join(project.root, "empty");
  mkdirSync(directory);
  writeFileSync(join(directory, "npm"), "#!/bin/sh\n", { mode: 0o755 });
  return { ...project, env: { ...project.env, PATH: [directory, project.env.PATH].join(delimiter) } };
}

/** The bump with a preload in its own process only, not in those it starts. */
function bumpUnder(project: SampleProject, preload: ReturnType<typeof killAt>): Promise<StageResult> {
  const script = scriptOf("package-release", "version_bump");
  const options = preload.nodeArgs.map((arg) => `'${arg}'`).join(" ");
  const env = Object.fromEntries(
    Object.entries(preload.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const changed = { ...project, env: { ...project.env, ...env } };
  return runScript(changed, script.replace(/^node /, `node ${options} `), parameters);
}
