import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseGitignore } from "../../src/core/gitignore.ts";
import { isInPath } from "../support/is-in-path.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const PATHS = [
  "build",
  "a/build",
  "a/b/build",
  "build-1",
  "a/b",
  "a/b/c",
  "doc",
  "doc/x",
  "foo.d",
  "x/foo.d",
  "a b",
  "[x]",
  "b",
  "c",
];

test
  .skipIf(!isInPath("git"))
  .each([
    ["build/"],
    ["/build"],
    ["a/build"],
    ["**/build"],
    ["a/**"],
    ["a/**/c"],
    ["doc/*"],
    ["*.d"],
    ["build*"],
    ["buil?"],
    ["[bc]"],
    ["[!bc]"],
    ["\\[x\\]"],
    ["a\\ b"],
    ["# build\nbuild   "],
    ["build\n!build"],
    ["*\n!/a"],
    ["a/build\n!build"],
    ["build/\r\ndoc\r"],
    ["foo.d\n\n"],
  ])("says of folders what git says: %j", (text) => {
  const root = temporaryDirectory();
  const env = { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };
  execFileSync("git", ["init", "-q", root], { env });
  writeFileSync(join(root, ".gitignore"), text.replaceAll("\r\n", "\n").replace(/\r$/, ""));
  for (const path of PATHS) mkdirSync(join(root, path), { recursive: true });
  const ignores = parseGitignore(text);
  for (const path of PATHS) {
    const isIgnoredByGit =
      spawnSync("git", ["-C", root, "check-ignore", "-q", "--no-index", path], { env }).status === 0;
    // Git looks at the folders above first; so does whoever walks.
    const parts = path.split("/");
    const above = parts.map((_, index) => parts.slice(0, index + 1).join("/"));
    expect({ path, isIgnored: above.some((one) => ignores(one) === true) }).toEqual({
      path,
      isIgnored: isIgnoredByGit,
    });
  }
});

test("a pattern that costs too much, or is none, ignores nothing", () => {
  const ignores = parseGitignore(`${"*a".repeat(40)}b\n[z-a]\n!\n/\n`);
  expect(ignores("a".repeat(200))).toBeUndefined();
});
