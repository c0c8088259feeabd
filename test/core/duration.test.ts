import fc from "fast-check";
import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "../../src/core/duration.ts";

test.each([
  ["250ms", 250],
  ["2s", 2000],
  ["1.5s", 1500],
  ["10m", 600_000],
  ["8h", 28_800_000],
  ["30d", 2_592_000_000],
  ["1h30m", 5_400_000],
  ["0s", 0],
  ["1m1ms", 60_001],
])("%s is %i ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(["", "5", "s", "2 s", " 2s", "-2s", "2S", "1e3s", "2s,", ".5s", "1.s", "2w", "99999999999999d"])(
  "%j is no duration",
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test.each([
  [0, "0s"],
  [-5000, "0s"],
  [999, "0s"],
  [42_000, "42s"],
  [59_999, "59s"],
  [723_000, "12m 3s"],
  [7_200_000, "2h"],
  [7_500_000, "2h 5m"],
  [7_205_000, "2h"],
  [273_600_000, "3d 4h"],
])("%i ms is written %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test("what is written is read back as the same, but for what comes after its two largest units", () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 40 }), (ms) => {
      const read = parseDuration(formatDuration(ms).replace(" ", "")) ?? Number.NaN;
      expect(read).toBeLessThanOrEqual(ms);
      const unit = ms >= 86_400_000 ? 3_600_000 : ms >= 3_600_000 ? 60_000 : 1000;
      expect(ms - read).toBeLessThan(unit);
    }),
  );
});
