import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, test } from "vitest";
import { createMasker } from "../../src/core/mask.ts";
import type { ValueSource } from "../../src/workflow/definition.ts";
import { checkValue, compare } from "../../src/workflow/gate-value.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const NONE = { min: undefined, max: undefined, equals: undefined };

describe("comparing", () => {
  test.for<[string, Partial<typeof NONE> | object, boolean, string]>([
    ["80", { min: 80 }, true, "80 ≥ 80"],
    ["79.99", { min: 80 }, false, "79.99 < 80"],
    ["0", { max: 0 }, true, "0 ≤ 0"],
    ["-1", { min: 0, max: 1 }, false, "-1 < 0"],
    ["0.5", { min: 0, max: 1 }, true, "0.5 ≥ 0, ≤ 1"],
    ["1.01", { min: 0, max: 1 }, false, "1.01 > 1"],
    ["1e3", { min: 1000 }, true, "1e3 ≥ 1000"],
    [" 7 ", { min: 7 }, true, " 7  ≥ 7"],
    ["", { min: 0 }, false, " is no number"],
    [" ", { max: 0 }, false, "  is no number"],
    ["NaN", { min: 0 }, false, "NaN is no number"],
    ["Infinity", { min: 0 }, false, "Infinity is no number"],
    ["80%", { min: 80 }, false, "80% is no number"],
    ["ok", { equals: "ok" }, true, "the value is ok"],
    ["OK", { equals: "ok" }, false, "the value is OK, not ok"],
    ["1.0", { equals: "1" }, false, "the value is 1.0, not 1"],
    ["", { equals: "" }, true, "the value is empty"],
  ])("%j with %j", ([value, bounds, passed, detail], { expect }) => {
    expect(compare(value, { ...NONE, ...bounds })).toEqual({ passed, detail });
  });

  test("passes exactly what lies within", ({ expect }) => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(number, number, number, (value, min, max) => {
        const { passed } = compare(String(value), { ...NONE, min, max });
        expect(passed).toBe(value >= min && value <= max);
      }),
    );
  });
});

describe("finding", () => {
  const FILES = {
    "coverage.json": JSON.stringify({
      total: { lines: { pct: 81.5 }, none: null, list: ["a", { n: 3 }], flag: true, text: "good" },
    }),
    "broken.json": "{",
    "report.txt": "score: 1\nscore: 2\nother\nscore: x3\n",
    log: "one\npassed 12 of 14\npassed 13 of 14\n",
  };
  const check = (source: ValueSource, bounds: object, isOptional = false) => {
    const cwd = temporaryDirectory();
    mkdirSync(join(cwd, "directory"));
    for (const [name, text] of Object.entries(FILES)) writeFileSync(join(cwd, name), text);
    const masker = createMasker({ secretValues: [] });
    const places = { cwd, logFile: join(cwd, "log"), outputs: { count: "4", empty: "" }, masker };
    return checkValue(source, { ...NONE, ...bounds }, isOptional, places);
  };
  const json = (path: string, file = "coverage.json"): ValueSource => ({ from: "json", file, path });
  const text = (pattern: string): ValueSource => ({ from: "file", file: "report.txt", pattern });

  test.for<[ValueSource, object, boolean, string]>([
    [json("total.lines.pct"), { min: 80 }, true, "81.5 ≥ 80"],
    [json("total.list.1.n"), { max: 2 }, false, "3 > 2"],
    [json("total.flag"), { equals: "true" }, true, "the value is true"],
    [json("total.text"), { equals: "good" }, true, "the value is good"],
    [json("total.text"), { min: 1 }, false, "good is no number"],
    [json("total.branches.pct"), { min: 1 }, false, "coverage.json has no total.branches.pct"],
    [json("total.text.length"), { min: 1 }, false, "coverage.json has no total.text.length"],
    [json("total.constructor"), { equals: "x" }, false, "coverage.json has no total.constructor"],
    [json("total.lines"), { min: 1 }, false, "total.lines in coverage.json is no value"],
    [json("total.none"), { equals: "null" }, false, "total.none in coverage.json is no value"],
    [json("a", "broken.json"), { min: 1 }, false, "broken.json is not JSON"],
    [json("a", "nowhere.json"), { min: 1 }, false, "nowhere.json cannot be read (ENOENT)"],
    [json("a", "directory"), { min: 1 }, false, "directory cannot be read (EISDIR)"],
    [text("^score: (\\d+)$"), { equals: "2" }, true, "the value is 2"],
    [text("score: .*"), { equals: "score: x3" }, true, "the value is score: x3"],
    [text("score: (\\d+)?"), { equals: "score: " }, true, "the value is score: "],
    [text("grade (\\d)"), { min: 1 }, false, "report.txt has nothing that matches grade (\\d)"],
    [{ from: "log", pattern: "passed (\\d+) of" }, { min: 13 }, true, "13 ≥ 13"],
    [{ from: "output", key: "count" }, { min: 5 }, false, "4 < 5"],
    [{ from: "output", key: "empty" }, { equals: "" }, true, "the value is empty"],
    [{ from: "output", key: "constructor" }, { min: 0 }, false, "no output constructor"],
  ])("%j with %j", ([source, bounds, passed, detail], { expect }) => {
    expect(check(source, bounds)).toEqual({ passed, detail });
  });

  test("what is optional passes when it is not there, and not when it is out of bounds", ({ expect }) => {
    expect(check(json("a", "nowhere.json"), { min: 1 }, true)).toEqual({
      passed: true,
      detail: "nowhere.json cannot be read (ENOENT); nothing to check",
    });
    expect(check({ from: "output", key: "other" }, { min: 1 }, true).passed).toBe(true);
    expect(check({ from: "output", key: "count" }, { min: 5 }, true).passed).toBe(false);
  });
});
