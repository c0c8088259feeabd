import { execFileSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import type { RunResult } from "../support/run-binary.ts";
import { startNpmRegistry } from "../workflows-built-in/support/npm-registry.ts";
import { npmProject, type SampleProject } from "../workflows-built-in/support/sample-project.ts";
import { RELEASE, type ReleaseHome, releaseHome } from "./release-home.ts";

/** Every file with its content, and what git knows of the branch and its tags. */
function everythingIn({ directory, git, read, has }: SampleProject): readonly (readonly [string, string])[] {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .filter((path) => !path.startsWith(".git/"));
  const refs = has(".git") ? git("for-each-ref") : "";
  return [...files.sort().map((path) => [path, read(path)] as const), ["refs", refs]];
}

/** What a person needs to know of a release that stopped half-way. */
function advice({ stdout }: RunResult): { readonly toGoOn: readonly string[]; readonly undo: string } {
  const command = (title: string) => new RegExp(`^${title}: +(.*)$`, "m").exec(stdout)?.[1] ?? "";
  const [program, ...toGoOn] = command("To go on").split(" ");
  expect(program, stdout).toBe("tta-persona");
  return { toGoOn, undo: command("To undo") };
}

function undo({ directory, env }: SampleProject, result: RunResult): void {
  execFileSync("sh", ["-ec", advice(result).undo], { cwd: directory, env });
}

describe("tta-persona run package-release refuses, with nothing touched:", () => {
  test.each<[string, (project: SampleProject) => void, string]>([
    [
      "a dirty tree",
      (project) => project.write("lib.mjs", "export {};\n"),
      "The tree is not clean: lib.mjs. Commit, stash or ignore that, then release.",
    ],
    [
      "a tag that exists",
      (project) => project.git("tag", "v0.3.0"),
      "The tag v0.3.0 exists already: release a newer version.",
    ],
    [
      "a version that is not newer",
      (project) => {
        project.write("package.json", project.read("package.json").replace('"0.1.0"', '"0.3.0"'));
        project.commit("Be there already");
      },
      "0.3.0 is not newer than 0.3.0, the version in package.json.",
    ],
    [
      "a folder in no repository",
      (project) => rmSync(join(project.directory, ".git"), { recursive: true }),
      "is not in a git repository",
    ],
  ])("%s", async (_, spoil, message) => {
    const project = npmProject();
    spoil(project);
    const { run } = await releaseHome(project);
    const before = everythingIn(project);
    const result = await run(RELEASE);
    expect(result).toMatchObject({ code: 1, stderr: "" });
    expect(result.stdout).toContain("✗ version_bump");
    expect(result.stdout).toContain(message);
    expect(result.stdout).toMatch(
      /^✗ package-release failed after .*\n {2}tta-persona run package-release --resume +try again/m,
    );
    expect(everythingIn(project)).toEqual(before);
  });

  test.each([
    [["run", "package-release", "--version", "1.x"], /--version is not a semantic version/],
    [["run", "package-release"], /package-release needs --version/],
    [["run", "package-release", "--version", "0.3.0", "--from", "deploy"], /deploy/],
  ])("tta-persona %s", async (args, message) => {
    const project = npmProject();
    const { run, otlp } = await releaseHome(project);
    const before = everythingIn(project);
    const result = await run(args);
    expect(result).toMatchObject({ code: 2, stdout: "" });
    expect(result.stderr).toMatch(message);
    expect(result.stderr).toMatch(/See: tta-persona |Its stages are /);
    expect(everythingIn(project)).toEqual(before);
    expect(otlp.spans()).toEqual([]);
  });
});

describe("a release that failed half-way says what to do, and that works:", () => {
  async function failing(): Promise<{ project: SampleProject; home: ReleaseHome; result: RunResult }> {
    const project = npmProject();
    project.write("test/broken.test.mjs", "throw new Error('broken');\n");
    project.commit("Break it");
    const home = await releaseHome(project);
    const result = await home.run(RELEASE);
    expect(result, result.stdout).toMatchObject({ code: 1, stderr: "" });
    expect(result.stdout).toContain(
      "So far: package.json, package-lock.json, CHANGELOG.md changed for 0.3.0; not committed.",
    );
    expect(result.stdout.trimEnd().split("\n").slice(-3).join("\n")).toMatch(
      /^✗ package-release failed after .*\n {2}tta-persona run package-release --resume .*\n {2}tta-persona runs show /,
    );
    return { project, home, result };
  }

  test("go on", async () => {
    const { project, home, result } = await failing();
    project.git("rm", "--quiet", "test/broken.test.mjs");
    project.git("commit", "--quiet", "--message", "Mend it", "--", "test");

    // A release of something else is refused meanwhile, says why, and does not stand in the way.
    const other = await home.run(["run", "package-release", "--version", "0.4.0"]);
    expect(other).toMatchObject({ code: 1 });
    expect(other.stdout).toContain("The release of 0.3.0 is not finished.\nSo far: ");
    expect(other.stdout).not.toContain("try again");
    expect(advice(other)).toEqual({
      toGoOn: ["run", "package-release", "--resume"],
      undo: advice(result).undo,
    });
    expect(advice(result).toGoOn.slice(0, 3)).toEqual(advice(other).toGoOn);

    const resumed = await home.run(advice(other).toGoOn);
    expect(resumed, resumed.stdout).toMatchObject({ code: 0, stderr: "" });
    expect(resumed.stdout).toMatch(/^✓ version_bump +backend-engineer +done before$/m);
    expect(project.git("log", "--format=%s", "-2")).toBe("Release v0.3.0\nMend it");
    expect(project.git("tag")).toBe("v0.3.0");
  });

  test("undo", async () => {
    const { project, home, result } = await failing();
    undo(project, result);
    expect(project.changes()).toEqual([]);
    expect(project.has("CHANGELOG.md")).toBe(false);

    project.git("rm", "--quiet", "test/broken.test.mjs");
    project.commit("Mend it");
    const again = await home.run(RELEASE);
    expect(again, again.stdout).toMatchObject({ code: 0 });
  });

  test("undo or go on after a commit and a tag", async () => {
    const project = npmProject();
    const registry = await startNpmRegistry();
    registry.refuse(1000, 403);
    const { run } = await releaseHome(project, registry.env);
    const failed = await run([...RELEASE, "--publish"]);
    expect(failed, failed.stdout).toMatchObject({ code: 1, stderr: "" });
    expect(failed.stdout).toContain('committed as "Release v0.3.0"; tagged v0.3.0.');
    undo(project, failed);
    expect(project.git("tag")).toBe("");
    expect(project.git("log", "-1", "--format=%s")).toBe("Mend the greeting");
    expect(project.changes()).toEqual([]);

    const again = await run([...RELEASE, "--publish"]);
    expect(again).toMatchObject({ code: 1 });
    registry.refuse(0, 403);
    const resumed = await run(advice(again).toGoOn);
    expect(resumed, resumed.stdout).toMatchObject({ code: 0 });
    expect(registry.versions("@sample/greeter")).toEqual(["0.3.0"]);
    expect(project.git("tag")).toBe("v0.3.0");
  });
});
