import fc from "fast-check";
import { expect, test } from "vitest";
import { route } from "../../src/cli/route.ts";

const noFlags = { json: false, quiet: false, color: true };

test.each([
  [[], { command: "status", args: [] }],
  [["--"], { command: "status", args: [] }],
  [["current"], { command: "current", args: [] }],
  [["switch", "-"], { command: "switch", args: ["-"] }],
  [["backend"], { command: "switch", args: ["backend"], bareWord: "backend" }],
  [["backend", "--dry-run"], { command: "switch", args: ["backend", "--dry-run"], bareWord: "backend" }],
  [["-"], { command: "switch", args: ["-"], bareWord: "-" }],
  [[""], { command: "switch", args: [""], bareWord: "" }],
  [["--", "-x"], { command: "switch", args: ["--", "-x"], bareWord: "-x" }],
  [["--", "switch", "a"], { command: "switch", args: ["--", "a"] }],
  [["--version"], { command: "root", args: ["--version"] }],
  [["help"], { command: "root", args: ["--help"] }],
  [["help", "help"], { command: "root", args: ["--help"] }],
  [["help", "config", "set"], { command: "config", args: ["set", "--help"] }],
  [["CURRENT"], { command: "switch", args: ["CURRENT"], bareWord: "CURRENT" }],
])("%j is routed to %j", (argv, expected) => {
  expect(route(argv)).toEqual({ flags: noFlags, ...expected });
});

test.each([
  [["--json", "current"], { json: true }],
  [["current", "--json"], { json: true }],
  [["--quiet", "switch", "backend", "--no-color"], { quiet: true, color: false }],
])("%j sets the flags %j wherever they stand", (argv, flags) => {
  const routed = route(argv);
  expect(routed.flags).toEqual({ ...noFlags, ...flags });
  expect([routed.command, ...routed.args].filter((word) => word.startsWith("--"))).toEqual([]);
});

test("behind a double dash, words are no flags", () => {
  expect(route(["switch", "--", "--json"])).toEqual({
    flags: noFlags,
    command: "switch",
    args: ["--", "--json"],
  });
});

test("any words are routed", () => {
  fc.assert(fc.property(fc.array(fc.string()), (argv) => typeof route(argv).command === "string"));
});
