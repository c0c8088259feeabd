import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { buildingPython } from "../support/building-python.ts";
import { killedAt } from "./support/killing-programs.ts";
import { gate, type Parameters, release, stage, succeed } from "./support/release.ts";
import { pythonProject, type SampleProject } from "./support/sample-project.ts";

describe.skipIf(!buildingPython.isThere)("package-release of a Python package", () => {
  test("bumps, describes, tests, builds, installs and tags it", async () => {
    const project = pythonProject();
    const before = project.read("pyproject.toml");
    const [bump, validation, publication] = await release(project);

    expect(bump?.outputs).toEqual({ kind: "python", name: "sample-greeter", previous: "0.1.0" });
    expect(project.read("pyproject.toml")).toBe(before.replace("'0.1.0'", "'0.3.0'"));
    expect(validation?.outputs).toMatchObject({ tests: "passed" });
    expect(validation?.outputs.artifact).toMatch(/sample_greeter-0\.3\.0-py3-none-any\.whl$/);
    expect(validation?.stderr).toContain("Ran 1 test");
    expect(publication?.stdout).toContain("twine is not installed");
    expect(project.git("log", "-1", "--format=%s", "v0.3.0")).toBe("Release v0.3.0");
    // A build in the project itself would leave build/ and *.egg-info.
    expect(project.changes()).toEqual([]);
    await succeed(gate(project, "quality_validation", "installable"));
    await succeed(gate(project, "publish_deploy", "tagged"));
  });

  test("makes the same wheel again", async () => {
    const project = pythonProject();
    await succeed(stage(project, "version_bump"));
    const first = await succeed(stage(project, "quality_validation"));
    const second = await succeed(stage(project, "quality_validation"));
    expect(second.outputs).toEqual(first.outputs);
  });

  test("reads the coverage that its tests report", async () => {
    const project = pythonProject();
    project.write(
      "tests/test_report.py",
      'import json, unittest\n\nclass Report(unittest.TestCase):\n    def test_report(self):\n        json.dump({"totals": {"percent_covered": 87.125}}, open("coverage.json", "w"))\n',
    );
    project.write(".gitignore", "__pycache__\ncoverage.json\n");
    project.commit("Report coverage");
    await succeed(stage(project, "version_bump"));
    const { outputs } = await succeed(stage(project, "quality_validation"));
    expect(outputs.coverage).toBe("87.13");
  });

  test("fails with its tests, and says how to undo it", async () => {
    const project = pythonProject();
    project.write("sample_greeter/__init__.py", "def greet(name):\n    return name\n");
    project.commit("Break it");
    await succeed(stage(project, "version_bump"));
    const failed = await stage(project, "quality_validation");
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain("git checkout HEAD -- pyproject.toml && git rm");
  });

  describe("refuses, before anything is touched,", () => {
    const edit = (from: string, to: string) => (project: SampleProject) => {
      project.write("pyproject.toml", project.read("pyproject.toml").replace(from, to));
      project.commit("Change the manifest");
    };
    const cases: Record<
      string,
      { arrange(project: SampleProject): void; says: RegExp; parameters?: Parameters }
    > = {
      "a dynamic version": {
        arrange: edit("version = '0.1.0'", 'dynamic = ["version"]'),
        says: /dynamic = \["version"\]/,
      },
      "a manifest that is no TOML": { arrange: edit("[project]", "[project"), says: /cannot be read/ },
      "a manifest without [project]": { arrange: edit("[project]", "[tool.poetry]"), says: /PEP 621/ },
      "a prerelease": { arrange: () => {}, says: /no final release/, parameters: { version: "0.3.0-rc.1" } },
      "an older version": {
        arrange: edit("'0.1.0'", "'0.3.0.post1'"),
        says: /not newer than 0\.3\.0\.post1/,
      },
      "to publish without twine": { arrange: () => {}, says: /twine/, parameters: { publish: "true" } },
    };
    test.each(Object.entries(cases))("%s", async (_, { arrange, says, parameters }) => {
      const project = pythonProject();
      arrange(project);
      const result = await stage(project, "version_bump", parameters);
      expect(result.code).toBe(1);
      expect(result.stderr).toMatch(says);
      expect(project.changes()).toEqual([]);
    });
  });

  describe("with --publish", () => {
    const parameters = { publish: "true" };

    /** With a twine of its own, which takes each file once, and knows that twine is asked not to ask back. */
    async function prepared() {
      const sample = pythonProject();
      const site = join(sample.root, "site");
      const uploads = join(sample.root, "uploads");
      mkdirSync(join(site, "twine"), { recursive: true });
      writeFileSync(join(site, "twine/__init__.py"), "");
      writeFileSync(
        join(site, "twine/__main__.py"),
        `import os, sys
assert sys.argv[1:3] == ["upload", "--non-interactive"], sys.argv
name = os.path.basename(sys.argv[-1])
taken = open(${JSON.stringify(uploads)}, "a+")
taken.seek(0)
if name in taken.read().split():
    sys.exit("ERROR HTTPError: 400 Bad Request. File already exists")
taken.write(name + "\\n")
`,
      );
      writeFileSync(uploads, "");
      const project = { ...sample, env: { ...sample.env, PYTHONPATH: site } };
      await succeed(stage(project, "version_bump", parameters));
      await succeed(stage(project, "quality_validation", parameters));
      return { project, uploads: () => readFileSync(uploads, "utf8"), uploadsFile: uploads };
    }
    const wheel = "sample_greeter-0.3.0-py3-none-any.whl\n";

    test("uploads what was tested, once", async () => {
      const { project, uploads } = await prepared();
      const { outputs } = await succeed(stage(project, "publish_deploy", parameters));
      expect(outputs.published).toBe("true");
      const again = await succeed(stage(project, "publish_deploy", parameters));
      expect(again.stdout).toContain("was uploaded already");
      expect(uploads()).toBe(wheel);
      await succeed(gate(project, "publish_deploy", "published", parameters));
    });

    test("knows its own file again after it was killed at the upload", async () => {
      const { project, uploads } = await prepared();
      const killing = killedAt(project, "python3", ["-m", "twine", "upload"], "after");
      expect((await stage(killing, "publish_deploy", parameters)).code).toBe(137);
      expect(uploads()).toBe(wheel);
      await succeed(stage(project, "publish_deploy", parameters));
      expect(uploads()).toBe(wheel);
    });

    test("fails when the index has such a file from somebody else", async () => {
      const { project, uploadsFile } = await prepared();
      writeFileSync(uploadsFile, wheel);
      const failed = await stage(project, "publish_deploy", parameters);
      expect(failed.code).toBe(1);
      expect(failed.stderr).toContain("twine upload failed");
      expect((await gate(project, "publish_deploy", "published", parameters)).code).toBe(1);
    });
  });

  test.each(["0.3.0rc1", "0.3.0.dev4", "0.1", "v0.2"])("goes on from %s", async (previous) => {
    const project = pythonProject();
    project.write("pyproject.toml", project.read("pyproject.toml").replace("0.1.0", previous));
    project.commit("Number it differently");
    const { outputs } = await succeed(stage(project, "version_bump"));
    expect(outputs.previous).toBe(previous);
  });
});
