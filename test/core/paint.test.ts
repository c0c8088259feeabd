import { expect, test } from "vitest";
import { ansiPaint, plainPaint } from "../../src/core/output.ts";

/** Of the terminal's own colours, those that themes for dark and for light backgrounds both keep readable. */
const READABLE = new Set([1, 2, 31, 32, 35]);

test("no colour is used that a light background swallows, and each is switched off again", () => {
  for (const [name, paint] of Object.entries(ansiPaint) as [string, (text: string) => string][]) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
    const [, open, close] = /^\u001b\[(\d+)mx\u001b\[(\d+)m$/.exec(paint("x")) ?? [];
    expect({ name, readable: READABLE.has(Number(open)), closed: close !== undefined }).toEqual({
      name,
      readable: true,
      closed: true,
    });
  }
  expect(Object.keys(plainPaint)).toEqual(Object.keys(ansiPaint));
});
