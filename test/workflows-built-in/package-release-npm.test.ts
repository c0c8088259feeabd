import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { startNpmRegistry } from "./support/npm-registry.ts";
import {
  gate,
  type Parameters,
  release,
  STAGES,
  stage,
  succeed,
  validatedNpmProject,
} from "./support/release.ts";
import { npmProject, type SampleProject } from "./support/sample-project.ts";
import { runScript } from "./support/stage.ts";

describe("package-release of an npm package", () => {
  test("bumps, describes, tests, packs, installs and tags it", async () => {
    const project = npmProject();
    const before = project.read("package.json");
    const [bump, validation, publication] = await release(project);

    expect(bump?.outputs).toEqual({ kind: "npm", name: "@sample/greeter", previous: "0.1.0" });
    expect(project.read("package.json")).toBe(before.replace('"0.1.0"', '"0.3.0"'));
    const lock = JSON.parse(project.read("package-lock.json"));
    expect([lock.version, lock.packages[""].version]).toEqual(["0.3.0", "0.3.0"]);
    expect(project.read("CHANGELOG.md")).toMatch(
      /^# Changelog\n\n## \[0\.3\.0\] - \d{4}-\d\d-\d\d\n\n- Mend the greeting\n- Greet by name\n$/,
    );

    expect(validation?.outputs).toMatchObject({ coverage: "91.5", tests: "passed" });
    expect(validation?.outputs.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(existsSync(validation?.outputs.artifact ?? "")).toBe(true);
    expect(validation?.stdout).toContain("greet --version says 0.3.0.");
    expect(project.has("built.txt")).toBe(true);

    expect(publication?.outputs).toMatchObject({ tag: "v0.3.0", published: "false" });
    expect(project.git("cat-file", "-t", "v0.3.0")).toBe("tag");
    expect(project.git("log", "--format=%s", "v0.3.0")).toBe(
      "Release v0.3.0\nMend the greeting\nGreet by name",
    );
    expect(project.git("show", "--name-only", "--format=", "HEAD").split("\n").sort()).toEqual([
      "CHANGELOG.md",
      "package-lock.json",
      "package.json",
    ]);
    expect(project.changes()).toEqual([]);
    for (const [id, name] of [
      ["quality_validation", "installable"],
      ["publish_deploy", "tagged"],
      ["publish_deploy", "published"],
    ] as const) {
      await succeed(gate(project, id, name));
    }
  });

  test("releases again what comes after, with the commits since the last tag", async () => {
    const project = await validatedNpmProject();
    await succeed(stage(project, "publish_deploy"));
    project.commit("Greet louder");
    await succeed(stage(project, "version_bump", { version: "0.4.0" }));
    expect(project.read("CHANGELOG.md")).toMatch(/\n## \[0\.4\.0\] - .*\n\n- Greet louder\n\n## \[0\.3\.0\]/);
  });

  test("takes a changelog as it is", async () => {
    const project = npmProject();
    const changelog = 'It\'s "new": $(touch pwned) `touch pwned` $HOME\n\n- ä\\n %s $& $1\n* [link](x)';
    await succeed(stage(project, "version_bump", { changelog }));
    expect(project.read("CHANGELOG.md")).toContain(`\n\n${changelog}\n`);
    expect(project.has("pwned")).toBe(false);
  });

  test.each([
    "0.3.0$(touch pwned)",
    "0.3.0; touch pwned",
    "v0.3.0",
    "0.3",
    "0.3.0\n",
    '0.3.0"',
    "../../0.3.0",
    "-1.0.0",
    "0.3.0+build.5",
  ])("refuses the version %j", async (version) => {
    const project = npmProject();
    const result = await stage(project, "version_bump", { version });
    expect(result).toMatchObject({ code: 1, stdout: "" });
    expect(result.stderr).toContain(version.trim().replaceAll('"', '\\"'));
    expect(project.changes()).toEqual([]);
  });

  describe("refuses, before anything is touched,", () => {
    const cases: Record<
      string,
      { arrange(project: SampleProject): void; says: RegExp; parameters?: Parameters }
    > = {
      "a changed file": {
        arrange: (project) => project.write("lib.mjs", "changed"),
        says: /not clean: lib\.mjs/,
      },
      "a file that git does not know": {
        arrange: (project) => project.write("new file.txt", ""),
        says: /not clean: new file\.txt/,
      },
      "a tag that exists": {
        arrange: (project) => project.git("tag", "v0.3.0"),
        says: /tag v0\.3\.0 exists already/,
      },
      "the present version": {
        arrange: () => {},
        says: /0\.1\.0 is not newer/,
        parameters: { version: "0.1.0" },
      },
      "an older version": {
        arrange: () => {},
        says: /not newer than 0\.1\.0/,
        parameters: { version: "0.1.0-rc.1" },
      },
      "a manifest that is no JSON": {
        arrange: (project) => {
          project.write("package.json", '{"name": "x", "version": "0.1.0",');
          project.commit("Break it");
        },
        says: /package\.json cannot be read/,
      },
      "a manifest without a version": {
        arrange: (project) => {
          project.write("package.json", '{"name": "x"}');
          project.commit("Drop it");
        },
        says: /no "version"/,
      },
      "a section that is there": {
        arrange: (project) => {
          project.write("CHANGELOG.md", "# Changelog\n\n## 0.3.0\n");
          project.commit("Write ahead");
        },
        says: /section for 0\.3\.0 already/,
      },
      "to publish what is private": {
        arrange: (project) => {
          project.write("package.json", '{"name": "x", "version": "0.1.0", "private": true}');
          project.commit("Keep it");
        },
        says: /private/,
        parameters: { publish: "true" },
      },
      "a folder without a package": {
        arrange: (project) => {
          project.remove("package.json");
          project.commit("Remove it");
        },
        says: /no package\.json and no pyproject\.toml/,
      },
      "a folder that is no repository": {
        arrange: (project) => project.remove(".git"),
        says: /not in a git repository/,
      },
    };
    test.each(Object.entries(cases))("%s", async (_, { arrange, says, parameters }) => {
      const project = npmProject();
      arrange(project);
      const before = project.has(".git") ? project.changes() : [];
      const result = await stage(project, "version_bump", parameters);
      expect(result.code).toBe(1);
      expect(result.stderr).toMatch(says);
      expect(result.outputs).toEqual({});
      if (project.has(".git")) expect(project.changes()).toEqual(before);
      expect(project.has("CHANGELOG.md") && project.read("CHANGELOG.md").includes("- ")).toBe(false);
    });
  });

  test("says after failing tests how to go on and how to undo, and both work", async () => {
    const project = npmProject();
    project.write("test/broken.test.mjs", 'throw new Error("broken");\n');
    project.commit("Break a test");
    await succeed(stage(project, "version_bump"));
    const failed = await stage(project, "quality_validation");
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain("The tests failed");
    expect(failed.stderr).toContain("tta-persona run package-release --resume");
    expect(failed.outputs).toEqual({});

    const undo = /^To undo: +(.*)$/m.exec(failed.stderr)?.[1] ?? "false";
    await succeed(runScript(project, undo, {}));
    expect(project.changes()).toEqual([]);

    project.remove("test/broken.test.mjs");
    project.commit("Mend the test");
    await release(project);
  });

  test("says after a failed publication how to undo the commit and the tag", async () => {
    const project = await validatedNpmProject();
    const failed = await stage(project, "publish_deploy", { publish: "true" });
    // The registry cannot be reached: worth another try.
    expect(failed.code).toBe(75);
    expect(failed.stderr).toContain("tagged v0.3.0");
    const undo = /^To undo: +(.*)$/m.exec(failed.stderr)?.[1] ?? "false";
    await succeed(runScript(project, undo, {}));
    expect(project.git("tag")).toBe("");
    expect(project.git("log", "-1", "--format=%s")).toBe("Mend the greeting");
    expect(project.changes()).toEqual([]);
  });

  test("every stage can be run twice", async () => {
    const project = npmProject();
    for (const id of STAGES) {
      const first = await succeed(stage(project, id));
      const second = await succeed(stage(project, id));
      expect(second.outputs).toEqual(first.outputs);
    }
    expect(project.git("log", "--format=%s", "-2")).toBe("Release v0.3.0\nMend the greeting");
    expect(project.git("tag")).toBe("v0.3.0");
    expect(project.read("CHANGELOG.md").match(/^## /gm)).toHaveLength(1);
  });

  test("does not tag what was not tested", async () => {
    const project = await validatedNpmProject();
    project.write("lib.mjs", "export const greet = () => 'changed';\n");
    expect((await stage(project, "publish_deploy")).stderr).toMatch(
      /lib\.mjs changed since the release began/,
    );
    project.git("commit", "--quiet", "--message", "Change it", "lib.mjs");
    const failed = await stage(project, "publish_deploy");
    expect(failed.stderr).toMatch(/lib\.mjs changed since the package was validated/);
    expect(project.git("tag")).toBe("");
  });

  test("does not pack what git does not know", async () => {
    const project = npmProject();
    project.write(".gitignore", "coverage\n");
    project.write(
      "build.mjs",
      'import { writeFileSync } from "node:fs";\nwriteFileSync("bin/secret.txt", "");\n',
    );
    project.commit("Build into a folder that is packed");
    await succeed(stage(project, "version_bump"));
    expect((await stage(project, "quality_validation")).stderr).toMatch(
      /git does not know: bin\/secret\.txt/,
    );
  });

  test("does not take an old report for the coverage of this run", async () => {
    const project = npmProject();
    project.write("coverage/coverage-summary.json", '{"total": {"lines": {"pct": 99}}}');
    project.write("report.mjs", "");
    project.commit("Stop reporting");
    await succeed(stage(project, "version_bump"));
    const { outputs, stdout } = await succeed(stage(project, "quality_validation"));
    expect(outputs.coverage).toBeUndefined();
    expect(stdout).toContain("reported no coverage");
  });

  test("fails when the command that was packed tells another version", async () => {
    const project = npmProject();
    project.write("bin/greet.mjs", '#!/usr/bin/env node\nconsole.log("greet 0.1.0");\n');
    project.commit("Write the version down");
    await succeed(stage(project, "version_bump"));
    expect((await stage(project, "quality_validation")).stderr).toContain("greet --version says 0.1.0");
  });

  describe("with --publish", () => {
    const parameters = { publish: "true" };
    const name = "@sample/greeter";

    async function prepared() {
      const registry = await startNpmRegistry();
      const sample = await validatedNpmProject();
      return { registry, project: { ...sample, env: { ...sample.env, ...registry.env } } };
    }

    test("publishes what was tested, once", async () => {
      const { registry, project } = await prepared();
      const { outputs } = await succeed(stage(project, "publish_deploy", parameters));
      expect(outputs.published).toBe("true");
      expect(registry.versions(name)).toEqual(["0.3.0"]);
      const again = await succeed(stage(project, "publish_deploy", parameters));
      expect(again.stdout).toContain("has @sample/greeter 0.3.0 already");
      expect(registry.putCount()).toBe(1);
      await succeed(gate(project, "publish_deploy", "published", parameters));
    });

    test("takes a lost answer for what it was", async () => {
      const { registry, project } = await prepared();
      registry.loseAnswers(1);
      await succeed(stage(project, "publish_deploy", parameters));
      expect(registry.versions(name)).toEqual(["0.3.0"]);
    });

    test("fails when the registry has something else by that version", async () => {
      const { registry, project } = await prepared();
      registry.hold(name, "0.3.0", "sha512-b2Ygc29tZXRoaW5nIGVsc2U=");
      const failed = await stage(project, "publish_deploy", parameters);
      expect(failed.code).toBe(1);
      expect(failed.stderr).toContain("another @sample/greeter 0.3.0");
      expect(registry.putCount()).toBe(0);
    });

    test("asks to be tried again when the registry is overloaded, and keeps its token to itself", async () => {
      const { registry, project } = await prepared();
      registry.refuse(1, 503);
      const failed = await stage(project, "publish_deploy", parameters);
      expect(failed.code).toBe(75);
      expect(failed.stdout + failed.stderr).not.toContain("a-token-of-the-test");
      await succeed(stage(project, "publish_deploy", parameters));
      expect(registry.versions(name)).toEqual(["0.3.0"]);
    });

    test("publishes a prerelease under its own tag", async () => {
      const { registry, project } = await prepared();
      await succeed(stage(project, "publish_deploy", parameters));
      const rc = { ...parameters, version: "0.4.0-rc.1" };
      await release(project, rc);
      expect(registry.tags(name)).toEqual({ latest: "0.3.0", rc: "0.4.0-rc.1" });
    });
  });

  test("notes nothing in the tree", async () => {
    const project = npmProject();
    await succeed(stage(project, "version_bump"));
    expect(project.changes().sort()).toEqual(["CHANGELOG.md", "package-lock.json", "package.json"]);
    expect(readFileSync(`${project.directory}/.git/tta-persona/release/v0.3.0/plan.json`, "utf8")).toContain(
      '"previous": "0.1.0"',
    );
  });
});
