import { createHash } from "node:crypto";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { isTrusted, trustFile } from "../../src/config/trust.ts";
import { type Home, resolveHome } from "../../src/core/home.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

function begin(): { readonly home: Home; readonly file: string } {
  const directory = temporaryDirectory();
  const home = resolveHome({ HOME: directory, TTA_PERSONA_HOME: join(directory, "home") }, "linux");
  if (!home.ok) throw new Error(home.error.message);
  const file = join(directory, "workflow.yaml");
  fs.writeFileSync(file, "name: one\n");
  return { home: home.value, file };
}

test("trust is for one content of one file, and ends with a change", ({ expect }) => {
  const { home, file } = begin();
  expect(isTrusted(home, {}, file)).toBe(false);
  trustFile(home, file);
  expect(isTrusted(home, {}, file)).toBe(true);
  const copy = `${file}.copy`;
  fs.copyFileSync(file, copy);
  expect(isTrusted(home, {}, copy)).toBe(false);
  fs.appendFileSync(file, "#\n");
  expect(isTrusted(home, {}, file)).toBe(false);
  // As it was when it was trusted.
  fs.copyFileSync(copy, file);
  expect(isTrusted(home, {}, file)).toBe(true);
});

test("several files are trusted side by side, in files that nobody else reads", ({ expect }) => {
  const { home, file } = begin();
  const other = `${file}.other`;
  fs.writeFileSync(other, "name: two\n");
  for (const one of [file, other]) trustFile(home, one);
  expect([file, other].map((one) => isTrusted(home, {}, one))).toEqual([true, true]);
  const kept = fs.readdirSync(join(home.state, "trusted"));
  expect(kept.map((name) => fs.statSync(join(home.state, "trusted", name)).mode & 0o077)).toEqual([0, 0]);
});

test.for([
  ["1", true],
  ["true", true],
  ["0", false],
  ["", false],
] as const)("TTA_PERSONA_TRUST=%s", ([value, trusted], { expect }) => {
  const { home, file } = begin();
  expect(isTrusted(home, { TTA_PERSONA_TRUST: value }, file)).toBe(trusted);
});

test("what an earlier version has trusted stays so", ({ expect }) => {
  const { home, file } = begin();
  const hash = createHash("sha256").update(fs.readFileSync(file)).digest("hex");
  fs.mkdirSync(home.state, { recursive: true });
  fs.writeFileSync(join(home.state, "trusted.json"), JSON.stringify({ [fs.realpathSync(file)]: hash }));
  expect(isTrusted(home, {}, file)).toBe(true);
  fs.appendFileSync(file, "#\n");
  expect(isTrusted(home, {}, file)).toBe(false);
});

test("so does what an earlier version has trusted behind a link within its project", ({ expect }) => {
  const { home, file } = begin();
  const folder = join(file, "..", ".tta-persona");
  fs.mkdirSync(folder);
  fs.symlinkSync(file, join(folder, "persona"));
  trustFile(home, file);
  expect(isTrusted(home, {}, join(folder, "persona"))).toBe(true);
});

test.for(["", "{", "null", "[]", '"text"', "12"])(
  "a broken list of an earlier version (%s) trusts nothing, and is in nobody's way",
  (text, { expect }) => {
    const { home, file } = begin();
    fs.mkdirSync(home.state, { recursive: true });
    fs.writeFileSync(join(home.state, "trusted.json"), text);
    expect(isTrusted(home, {}, file)).toBe(false);
    trustFile(home, file);
    expect(isTrusted(home, {}, file)).toBe(true);
  },
);
