import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { maskPersonal, type PersonalKind } from "../../src/core/personal-data.ts";

const found: readonly (readonly [kind: PersonalKind, value: string, line: string])[] = [
  ["email", "ann.b+list@mail.example.org", "write to @@, please"],
  ["email", "jörg@müller.example", "<@@>"],
  ["email", "a_b@example.co.uk", "mailto:@@."],
  ["phone", "+49 30 1234567", "call @@ today"],
  ["phone", "+1 (555) 123-4567", "tel: @@"],
  ["phone", "+4917612345678", "from @@."],
  ["phone", "(555) 123-4567", "or @@;"],
  ["phone", "555-123-4567", "fax @@"],
  ["card", "4111 1111 1111 1111", "paid with @@."],
  ["card", "5500-0000-0000-0004", "card:@@"],
  ["card", "378282246310005", "amex @@ ok"],
  ["card", "3782 822463 10005", "amex @@ ok"],
  ["card", "6011111111111117", '{"card":"@@"}'],
  ["iban", "DE89 3704 0044 0532 0130 00", "to @@ by Friday"],
  ["iban", "DE89 3704 0044 0532 0130 00", "to @@ OK THEN"],
  ["iban", "GB29NWBK60161331926819", "IBAN:@@"],
  ["iban", "NO9386011117947", "(@@)"],
  ["iban", "gb29nwbk60161331926819", "iban @@"],
];

describe("what is masked", () => {
  test.each(found)("%s %s in %s", (kind, value, line) => {
    const kinds: PersonalKind[] = [];
    expect(maskPersonal(line.replace("@@", value), (one) => kinds.push(one))).toBe(line.replace("@@", "***"));
    expect(kinds).toEqual([kind]);
  });
});

test.each([
  "git@github.com:owner/repository.git",
  "https://***@host.example.org/x",
  "vitest@4.1.12 and @scope/name@1.2.3",
  "@@ -1,14 +12345,18 @@",
  "2026-11-24T14:32:55.123+02:00",
  "at 1764000000000 ms, 1764000000000000000 ns",
  "4111 1111 1111 1112 has no good check digit",
  "DE89 3704 0044 0532 0130 01 has none either",
  "DE8937040044053201300 is too short",
  "ZZ89 3704 0044 0532 0130 00 is no country",
  "0af7651916cd43dd8448eb211c80319c",
  "192.168.100.200:8080, 10.0.0.1",
  "1 + 12345678 = 12345679",
  "v20.19.43-20260131",
  "0000000000000000",
  "3704 0044 0532 0130 01, of a length that no such card has",
  "4111.1111.1111.1111",
])("is left as it is: %s", (line) => {
  expect(maskPersonal(line)).toBe(line);
});

const digits = (length: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length });

/** The digit that makes a number a card's: tried, not computed as the program does. */
const withCheckDigit = (body: string) =>
  [..."0123456789"].map((digit) => body + digit).find((number) => maskPersonal(number) === "***");

test("of the ten numbers that differ in their last digit, one is a card", () => {
  fc.assert(
    fc.property(fc.constantFrom("4", "51", "2221", "6011"), digits(15), (prefix, rest) => {
      const body = (prefix + rest.join("")).slice(0, 15);
      const cards = [..."0123456789"].filter((digit) => maskPersonal(`x ${body}${digit} y`) === "x *** y");
      expect(cards).toHaveLength(1);
    }),
  );
});

test("two neighbouring digits that change places are no card any more", () => {
  fc.assert(
    fc.property(digits(14), fc.integer({ min: 1, max: 13 }), (rest, at) => {
      const card = withCheckDigit(`4${rest.join("")}`);
      if (card === undefined) throw new Error("no check digit");
      const [a, b] = [card[at], card[at + 1]];
      // Luhn's one blind spot.
      fc.pre(a !== b && `${a}${b}` !== "09" && `${a}${b}` !== "90");
      const swapped = `${card.slice(0, at)}${b}${a}${card.slice(at + 2)}`;
      expect(maskPersonal(swapped)).toBe(swapped);
    }),
  );
});

test("an IBAN of which one digit is another is none", () => {
  const iban = "DE89370400440532013000";
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 21 }), fc.integer({ min: 1, max: 9 }), (at, by) => {
      const other = (Number(iban[at]) + by) % 10;
      const wrong = `${iban.slice(0, at)}${other}${iban.slice(at + 1)}`;
      expect(maskPersonal(wrong)).not.toBe("***");
    }),
  );
});

test("text without digits and @ stays as it is, and masking twice changes nothing more", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const once = maskPersonal(text);
      if (!/[\d@]/.test(text)) expect(once).toBe(text);
      expect(maskPersonal(once)).toBe(once);
    }),
  );
});

test("what stands around it stays", () => {
  const word = fc.stringMatching(/^[a-z]{1,8}$/);
  fc.assert(
    fc.property(word, fc.constantFrom(...found), word, (before, [, value], after) => {
      expect(maskPersonal(`${before}: ${value}, ${after}`)).toBe(`${before}: ***, ${after}`);
    }),
  );
});

test.each(["1 ", "a@", "a.", "+1", "DE89 ", "4-", "(5", "AB12", "a@b."])(
  "time stays linear in a line of %j again and again",
  (piece) => {
    // Some 30 ms; what is quadratic takes minutes.
    expect(timeOf(piece.repeat(200_000))).toBeLessThan(60_000);
  },
);

function timeOf(line: string): number {
  const start = performance.now();
  maskPersonal(line);
  return performance.now() - start;
}
