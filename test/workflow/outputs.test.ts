import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseOutputs, readOutputs } from "../../src/workflow/outputs.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const parse = (text: string) => parseOutputs(Buffer.from(text));

test.each([
  ["nothing", "", {}],
  ["pairs", "a=1\nb_2=two words \n", { a: "1", b_2: "two words " }],
  ["no last line end", "a=1", { a: "1" }],
  ["empty lines", "\n\na=1\n\n", { a: "1" }],
  ["an empty value", "a=\n", { a: "" }],
  ["equals signs and arrows in a value", "a=x=y<<z\n", { a: "x=y<<z" }],
  ["the last of equal keys", "a=1\na=2\n", { a: "2" }],
  ["a block", "a<<END\none\n\ntwo\nEND\nb=1\n", { a: "one\n\ntwo", b: "1" }],
  ["an empty block", "a<<END\nEND\n", { a: "" }],
  ["a block of one empty line", "a<<END\n\nEND\n", { a: "" }],
  ["pairs within a block", "a<<E=F\nb=1\nc<<X\nE=F\n", { a: "b=1\nc<<X" }],
  ["a block whose delimiter ends the file", "a<<END\n1\nEND", { a: "1" }],
  ["CRLF", "a=1\r\nb<<END\r\n1\r\n2\r\nEND\r\n", { a: "1", b: "1\n2" }],
  ["a return in a block of other lines", "a<<END\n1\r\n2\nEND\n", { a: "1\r\n2" }],
  ["a byte order mark", "\ufeffa=1\n", { a: "1" }],
  ["a name that objects have", "constructor=1\n", { constructor: "1" }],
  ["shell syntax", "a=$(rm -rf ~) `id` ; \"'\n", { a: "$(rm -rf ~) `id` ; \"'" }],
])("%s", (_, text, expected) => {
  expect(parse(text)).toEqual({ ok: true, value: expected });
});

test.each([
  ["no pair", "a=1\nhunter2\n", "Line 2 "],
  ["upper case", "A=hunter2\n", "Line 1 "],
  ["a blank before the sign", "a =hunter2\n", "Line 1 "],
  ["no key", "=hunter2\n", "Line 1 "],
  ["a reserved key", "__proto__=hunter2\n", "Line 1 "],
  ["no delimiter", "a<<\nhunter2\n", "Line 1 "],
  ["no end", "\na<<END\nhunter2\n", "Line 2 "],
  ["an end with something after it", "a<<END\nhunter2\nEND \n", "Line 1 "],
  ["a line after a block", "a<<END\n1\nEND\nhunter2", "Line 4 "],
  ["a NUL byte", "b=1\na=hunter2\0\n", "Line 2 "],
])("%s is a failure that does not tell what was there", (_, text, line) => {
  const result = parse(text);
  expect(result).toMatchObject({ ok: false, error: { reason: "output-line" } });
  expect(JSON.stringify(result)).toContain(line);
  expect(JSON.stringify(result)).not.toContain("hunter2");
});

test("keys have bounds, within which a stage's end can be written down", () => {
  const lines = (count: number) => Array.from({ length: count }, (_, index) => `k${index}=1\n`).join("");
  expect(parse(`${lines(1000)}k0=2\n`)).toMatchObject({ ok: true, value: { k0: "2", k999: "1" } });
  expect(parse(lines(1001))).toMatchObject({ ok: false, error: { reason: "output-too-many" } });
  const longest = "k".repeat(64);
  expect(parse(`${longest}=1\n`)).toEqual({ ok: true, value: { [longest]: "1" } });
  expect(parse(`${longest}k=1\n`)).toMatchObject({ ok: false, error: { reason: "output-line" } });
});

test("what is not UTF-8 is a failure", () => {
  expect(parseOutputs(Buffer.from([0x61, 0x3d, 0xff]))).toMatchObject({ ok: false });
});

test("any value comes back unchanged from a block", () => {
  const value = fc.string().filter((text) => !text.includes("\0") && !text.split("\n").includes("END-OF-IT"));
  fc.assert(
    fc.property(value, fc.stringMatching(/^[a-z][a-z0-9_]{0,63}$/), (text, key) => {
      const wellFormed = Buffer.from(text).toString();
      // A return before the delimiter would be of its line's end.
      expect(parse(`${key}<<END-OF-IT\n${wellFormed}\nEND-OF-IT\n`)).toEqual({
        ok: true,
        value: { [key]: wellFormed },
      });
    }),
  );
});

test("many blocks take no more time than their lines", () => {
  const result = parse("a<<E\nE\n".repeat(140_000));
  expect(result).toEqual({ ok: true, value: { a: "" } });
});

test("any file is read or refused", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", "=", "<", "\n", "\r", "E", "_", "1") }), (text) => {
      const result = parse(text);
      if (result.ok) for (const key of Object.keys(result.value)) expect(key).toMatch(/^[a-z][a-z0-9_]*$/);
      else expect(result.error.message).toMatch(/^Line \d+ /);
    }),
  );
});

test("a missing file holds nothing, a big one and a directory are refused", () => {
  const directory = temporaryDirectory();
  const path = join(directory, "output");
  expect(readOutputs(path)).toEqual({ ok: true, value: {} });
  fs.writeFileSync(path, `a=${"x".repeat(1024 * 1024 - 2)}`);
  expect(readOutputs(path)).toMatchObject({ ok: true });
  fs.appendFileSync(path, "\n");
  expect(readOutputs(path)).toMatchObject({ ok: false, error: { reason: "output-too-big" } });
  expect(readOutputs(directory)).toMatchObject({ ok: false, error: { reason: "output-unreadable" } });
  const pipe = join(directory, "pipe");
  execFileSync("mkfifo", [pipe]);
  expect(readOutputs(pipe)).toMatchObject({ ok: false, error: { reason: "output-unreadable" } });
});
