import fc from "fast-check";
import { expect, test } from "vitest";
import { createTextKeeper } from "../../src/llm/keep-texts.ts";
import { examples } from "../support/draw-examples.ts";

const VALUE = "hunter2-and-more";
const KEY = `sk-proj-${"aB3dE5gH".repeat(6)}`;
const MIB = 1024 * 1024;
const keeper = createTextKeeper({ secretValues: [VALUE] });
const call = {
  input: `the value ${VALUE}, the key ${KEY}`,
  output: `again ${KEY}`,
  metadata: { ticket: "ABC-12", api_key: "short", note: `see ${VALUE}` },
};

test("masked keeps the text around the secrets", () => {
  expect(keeper.keep(call, "masked")).toEqual({
    input: { text: "the value ***, the key ***", isCut: false },
    output: { text: "again ***", isCut: false },
    metadata: { ticket: "ABC-12", api_key: "***", note: "see ***" },
  });
});

test("full takes out the values of secret variables alone", () => {
  const kept = keeper.keep(call, "full");
  expect(kept.input?.text).toBe(`the value ***, the key ${KEY}`);
  expect(kept.metadata).toEqual({ ticket: "ABC-12", api_key: "short", note: "see ***" });
});

test("metadata keeps no bodies, none nothing at all", () => {
  expect(keeper.keep(call, "metadata")).toEqual({ metadata: keeper.keep(call, "masked").metadata });
  expect(keeper.keep(call, "none")).toEqual({});
});

test("messages are masked one by one, a key over several lines too, and stay JSON", () => {
  const pem = `-----BEGIN PRIVATE KEY-----\n${"MIIEvQIBADANBgkq".repeat(4)}\n-----END PRIVATE KEY-----`;
  const messages = [
    { role: "system", content: "be brief" },
    { role: "user", content: `${pem}\nis this "mine"?` },
  ] as const;
  const text = keeper.keep({ input: messages }, "masked").input?.text ?? "";
  expect(text).not.toContain("MIIEvQIBADANBgkq");
  expect(JSON.parse(text)).toMatchObject([
    messages[0],
    { role: "user", content: expect.stringMatching(/is this "mine"\?$/) },
  ]);
});

test("a text is cut at 1 MiB, never within a character, and says so", () => {
  const { text = "", isCut } = keeper.keep({ input: "ü€😀".repeat(200_000) }, "masked").input ?? {};
  expect(isCut).toBe(true);
  expect(Buffer.byteLength(text)).toBeGreaterThan(MIB - 4);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MIB);
  expect(text).not.toContain("\uFFFD");
  expect(keeper.keep({ input: "x".repeat(MIB) }, "masked").input?.isCut).toBe(false);
});

test("a secret that the cut would halve does not show its first half", () => {
  fc.assert(
    fc.property(fc.integer({ min: -30, max: 30 }), fc.constantFrom(0, 64 * 1024), (offset, margin) => {
      const before = "x".repeat(MIB + margin - VALUE.length + offset - 1);
      const { text = "" } =
        keeper.keep({ input: `${before} ${VALUE} ${"y".repeat(200_000)}` }, "masked").input ?? {};
      expect(text).not.toContain(VALUE.slice(0, 8));
    }),
    { numRuns: examples(30) },
  );
});

test("nor where so much was masked that the rest moves up", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: VALUE.length }), (offset) => {
      const input = `${"x".repeat(offset)} ${`${VALUE} `.repeat(100_000)}`;
      const { text = "", isCut } = keeper.keep({ input }, "masked").input ?? {};
      expect(isCut).toBe(true);
      expect(text).toMatch(/^x*(?: \*\*\*)+ ?\**$/);
    }),
    { numRuns: examples(18) },
  );
});

test("metadata stays small, whatever is in it", () => {
  const many = Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => [`k${index}`, "v".repeat(10_000)]),
  );
  const { metadata = {} } = keeper.keep({ metadata: many }, "masked");
  expect(JSON.stringify(metadata).length).toBeLessThan(20_000);
});
