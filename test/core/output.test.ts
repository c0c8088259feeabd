import fs from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { envFlag, envValue } from "../../src/core/environment.ts";
import { hashText } from "../../src/core/hash.ts";
import { isTerminal, wantsColor, writeText } from "../../src/core/output.ts";
import { randomHex } from "../../src/core/random.ts";
import { compareVersions } from "../../src/core/version.ts";
import { bundleScript, startScript } from "../support/node-script.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

describe("output", () => {
  test("is coloured on a terminal only, unless the environment says otherwise", () => {
    const file = fs.openSync(`${temporaryDirectory()}/file`, "w");
    const nowhere = fs.openSync("/dev/null", "w");
    expect([isTerminal(file), isTerminal(nowhere), isTerminal(9999)]).toEqual([false, false, false]);
    expect(wantsColor({}, file)).toBe(false);
    expect(wantsColor({ FORCE_COLOR: "1" }, file)).toBe(true);
    expect(wantsColor({ FORCE_COLOR: "0" }, file)).toBe(false);
    expect(wantsColor({ FORCE_COLOR: "1", NO_COLOR: "1" }, file)).toBe(false);
    expect(wantsColor({ FORCE_COLOR: "1", NO_COLOR: "" }, file)).toBe(true);
    fs.closeSync(file);
    fs.closeSync(nowhere);
  });

  test("reaches a slow reader whole, and a reader that has gone is no error", async () => {
    const directory = temporaryDirectory();
    const script = bundleScript(
      directory,
      "writer",
      `import { writeText } from "./src/core/output.ts";
       writeText(1, "line\\n".repeat(100_000));`,
    );
    const slow = await startScript(script, []).closed;
    expect(slow).toMatchObject({ code: 0, stderr: "" });
    expect(slow.lines).toHaveLength(100_000);
    const gone = startScript(script, []);
    gone.child.stdout.destroy();
    expect(await gone.closed).toMatchObject({ code: 0, stderr: "" });
  });

  test("that cannot be written is an error of the system", () => {
    expect(() => writeText(fs.openSync("/dev/full", "w"), "text")).toThrow(
      expect.objectContaining({ code: "ENOSPC" }),
    );
  });
});

describe("a variable", () => {
  test.each([
    [undefined, undefined, false],
    ["", undefined, false],
    ["  ", undefined, false],
    ["false", "false", false],
    ["FALSE", "FALSE", false],
    ["0", "0", false],
    ["1", "1", true],
    ["woodpecker", "woodpecker", true],
  ])("of %j", (value, read, flag) => {
    expect(envValue({ CI: value }, "CI")).toBe(read);
    expect(envFlag({ CI: value }, "CI")).toBe(flag);
  });
});

test("versions are compared by their numbers", () => {
  const ascending = ["0.0.0-dev", "0.9.0", "0.10.0", "1.0.0", "1.0.1", "2.0.0-rc.1", "10.0.0"];
  const shuffled = [...ascending].reverse().sort(compareVersions);
  expect(shuffled).toEqual(ascending);
  expect(compareVersions("1.0.0", "1.0.0+build")).toBe(0);
});

test("the hash is cyrb53", () => {
  // The author's own test vectors.
  expect(hashText("a")).toBe((7929297801672961).toString(16).padStart(14, "0"));
  expect(hashText("b")).toBe((8684336938537663).toString(16).padStart(14, "0"));
  expect(hashText("revenge")).toBe((4051478007546757).toString(16).padStart(14, "0"));
  fc.assert(fc.property(fc.string(), (text) => /^[0-9a-f]{14}$/.test(hashText(text))));
});

test("random ids have the length asked for, and differ", () => {
  expect(randomHex(16)).toMatch(/^[0-9a-f]{32}$/);
  expect(new Set(Array.from({ length: 200 }, () => randomHex(8))).size).toBe(200);
});
