import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parameterFlags, parseParameters } from "../../src/workflow/parameters.ts";
import { workflowFrom } from "./files.ts";

const { workflow } = workflowFrom(`
name: w
parameters:
  version: { type: semver, required: true }
  text: { type: string }
  dry-publish: { type: boolean, description: publish nothing }
  tests: { type: boolean, default: true, description: run the tests }
  channel: { type: enum, values: [latest, next], default: latest }
  report: { type: path, default: out/r.json }
  constructor: { type: string }
stages: [{ id: a, persona: qa, run: x }]
`);
type Given = Readonly<Record<string, string | boolean | undefined>>;
const parse = (given: Given) => parseParameters(workflow, { version: "1.2.3", ...given }, "/work");
const valuesOf = (given: Given) => {
  const parsed = parse(given);
  return parsed.ok ? parsed.value : parsed.error;
};

describe("the values of parameters", () => {
  test("have their defaults, and nothing where there is none", () => {
    expect(valuesOf({})).toEqual({
      version: "1.2.3",
      "dry-publish": "false",
      tests: "true",
      channel: "latest",
      report: "/work/out/r.json",
    });
  });

  test("come by camel-case name", () => {
    expect(
      valuesOf({ dryPublish: true, tests: false, channel: "next", report: "/abs/r", constructor: "c" }),
    ).toEqual({
      version: "1.2.3",
      "dry-publish": "true",
      tests: "false",
      channel: "next",
      report: "/abs/r",
      constructor: "c",
    });
  });

  test("are data: any text without NUL arrives unchanged", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        if (text.includes("\0")) expect(parse({ text })).toMatchObject({ ok: false });
        else expect(valuesOf({ text })).toMatchObject({ text });
      }),
    );
    const text = "$(rm -rf ~)\n`x` \"'\\\n";
    expect(valuesOf({ text })).toMatchObject({ text });
  });

  test.each<[Given, string, string, string]>([
    [{ version: undefined }, "missing-parameter", "w needs --version.", "See: tta-persona run w --help"],
    [{ version: "" }, "missing-parameter", "w needs --version, and not an empty text.", "See:"],
    [
      { version: "1.2" },
      "invalid-parameter",
      "The value of --version is not a semantic version.",
      "Write it like 1.2.0.",
    ],
    [
      { version: "v1.2.3" },
      "invalid-parameter",
      "--version is not a semantic version",
      "Write it like 1.2.3.",
    ],
    [{ channel: "nxt" }, "invalid-parameter", "--channel is not one of latest, next.", "Did you mean next?"],
    [
      { channel: "stable" },
      "invalid-parameter",
      "--channel is not one of latest, next.",
      "Write latest or next.",
    ],
    [{ tests: "yes" }, "invalid-parameter", "--tests is neither true nor false.", "Write true or false."],
    [{ report: "" }, "invalid-parameter", "--report is empty.", "Write a path."],
    [{ text: "a\0b" }, "invalid-parameter", "--text holds a NUL character.", "Remove it."],
  ])("%j is refused", (given, reason, message, hint) => {
    expect(parse(given)).toMatchObject({
      ok: false,
      error: { reason, message: expect.stringContaining(message), hint: expect.stringContaining(hint) },
    });
  });

  test("all that are missing are told at once, and never what was given", () => {
    const { workflow: two } = workflowFrom(
      "name: two\nparameters: { a: { type: string, required: true }, b: { type: path, required: true } }\n" +
        "stages: [{ id: a, persona: qa, run: x }]\n",
    );
    expect(parseParameters(two, {}, "/")).toMatchObject({ error: { message: "two needs --a, --b." } });
    expect(JSON.stringify(parse({ version: "hunter2" }))).not.toContain("hunter2");
  });

  // From https://semver.org, the test cases of its regular expression.
  test.each([
    "0.0.4",
    "10.20.30",
    "1.1.2-prerelease+meta",
    "1.0.0-alpha-a.b-c-somethinglong+build.1-aef.1",
    "1.0.0-0A.is.legal",
    "99999999999999999999999.999999999999999999.99999999999999999",
  ])("%s is a semantic version", (version) => expect(valuesOf({ version })).toMatchObject({ version }));
  test.each([
    "1",
    "1.2.3-0123",
    "1.2.3-0123.0123",
    "+invalid",
    "1.1.2+.123",
    "1.0.0-alpha_beta",
    "01.1.1",
    "1.2.3.DEV",
    "1.2-SNAPSHOT",
    "1.2.3 ",
    "1.2.3\n",
    "1.2.3+a+b",
  ])("%j is none", (version) => expect(parse({ version })).toMatchObject({ ok: false }));
});

test("each parameter is a flag", () => {
  const flags = Object.fromEntries(workflow.parameters.map((one) => [one.name, parameterFlags(one)]));
  expect(flags).toEqual({
    version: { flags: "--version <semver>", doc: "a semantic version (required)" },
    text: { flags: "--text <text>", doc: "a text" },
    "dry-publish": { flags: "--dry-publish", doc: "publish nothing" },
    tests: { flags: "--no-tests", doc: "turn off: run the tests" },
    channel: { flags: "--channel <value>", doc: "one of these (latest, next; default: latest)" },
    report: { flags: "--report <path>", doc: "a path (default: out/r.json)" },
    constructor: { flags: "--constructor <text>", doc: "a text" },
  });
});
