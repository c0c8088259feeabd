import fs from "node:fs";
import { describe, expect, test } from "vitest";
import { ensureDirectory, resolveHome } from "../../src/core/home.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const resolve = (env: Record<string, string>, platform: NodeJS.Platform = "linux") => {
  const home = resolveHome(env, platform);
  return home.ok ? [home.value.configDir, home.value.data] : home.error.reason;
};

describe("settings and state live", () => {
  test.each([
    ["TTA_PERSONA_HOME", { TTA_PERSONA_HOME: "/own", HOME: "/u", XDG_DATA_HOME: "/x" }, ["/own", "/own"]],
    ["HOME", { HOME: "/u" }, ["/u/.config/tta-persona", "/u/.local/share/tta-persona"]],
    [
      "the directories of the XDG specification",
      { HOME: "/u", XDG_CONFIG_HOME: "/c", XDG_DATA_HOME: "/d" },
      ["/c/tta-persona", "/d/tta-persona"],
    ],
    [
      "HOME, where those are relative",
      { HOME: "/u", XDG_CONFIG_HOME: "c", XDG_DATA_HOME: "./d" },
      ["/u/.config/tta-persona", "/u/.local/share/tta-persona"],
    ],
    [
      "HOME, where the others are empty",
      { HOME: "/u", XDG_CONFIG_HOME: "", TTA_PERSONA_HOME: " " },
      ["/u/.config/tta-persona", "/u/.local/share/tta-persona"],
    ],
  ])("under %s", (_, env, directories) => {
    expect(resolve(env as Record<string, string>)).toEqual(directories);
  });

  test("on macOS in Application Support, whatever XDG says", () => {
    const support = "/u/Library/Application Support/tta-persona";
    expect(resolve({ HOME: "/u", XDG_DATA_HOME: "/d" }, "darwin")).toEqual([support, support]);
    expect(resolve({ HOME: "/u", TTA_PERSONA_HOME: "/own" }, "darwin")).toEqual(["/own", "/own"]);
  });

  test.each([
    ["home-not-absolute", { TTA_PERSONA_HOME: "own", HOME: "/u" }, "linux"],
    ["home-not-absolute", { TTA_PERSONA_HOME: "~/own", HOME: "/u" }, "darwin"],
    ["home-unknown", {}, "linux"],
    ["unsupported-platform", { TTA_PERSONA_HOME: "/own" }, "win32"],
  ] as const)("nowhere: %s", (reason, env, platform) => {
    expect(resolve(env, platform)).toBe(reason);
  });
});

test("a directory is made for the user alone, with those above it, once", () => {
  const path = `${temporaryDirectory()}/a/b`;
  ensureDirectory(path);
  ensureDirectory(path);
  expect(fs.statSync(path).mode & 0o777).toBe(0o700);
  expect(fs.statSync(`${path}/..`).mode & 0o777).toBe(0o700);
});
