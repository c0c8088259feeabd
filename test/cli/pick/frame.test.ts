import fc from "fast-check";
import { expect, test } from "vitest";
import { cellWidth, fitCells } from "../../../src/cli/pick/cells.ts";
import { type Choice, filterChoices, frameLines, orderChoices } from "../../../src/cli/pick/frame.ts";
import { fuzzyScore } from "../../../src/cli/pick/fuzzy.ts";
import { plainPaint } from "../../../src/core/output.ts";

const choice = (name: string, more: Partial<Choice> = {}): Choice => ({
  name,
  icon: "⚙️",
  displayName: name,
  isCurrent: false,
  isPrevious: false,
  preview: [],
  ...more,
});

const names = (choices: readonly Choice[]) => choices.map(({ name }) => name);
const all = ["backend-engineer", "data-scientist", "devops-engineer", "frontend-engineer"].map((name) =>
  choice(name),
);

test.each([
  ["dev", ["devops-engineer"]],
  ["dvs", ["devops-engineer"]],
  ["FE", ["frontend-engineer"]],
  ["ds", ["data-scientist", "devops-engineer"]],
  ["b e", ["backend-engineer"]],
  ["zz", []],
  ["  ", names(all)],
])("%s finds, the best first: %s", (typed, found) => {
  expect(names(filterChoices(all, typed)).slice(0, Math.max(1, found.length))).toEqual(found);
});

test("whatever a text is made of in order finds it, and an exact beginning scores best", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", "b", "-"), minLength: 1, maxLength: 8 }),
      fc.infiniteStream(fc.boolean()),
      (text, take) => {
        const typed = [...text].filter(() => take.next().value === true).join("");
        expect(fuzzyScore(typed, text)).toBeDefined();
      },
    ),
  );
  expect(fuzzyScore("back", "backend-engineer")).toBeGreaterThan(
    fuzzyScore("back", "a-backend-engineer") ?? 0,
  );
});

test("the previous one stands first, and the others stay in their order", () => {
  const choices = [choice("a"), choice("b"), choice("c", { isPrevious: true }), choice("d")];
  expect(names(orderChoices(choices))).toEqual(["c", "a", "b", "d"]);
});

test("no line is wider than the terminal, and all lines fit it, however small it is", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "é", "漢", "🚀", "⚙️", " "), maxLength: 40 });
  const made = fc.record({
    name: fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 30 }),
    displayName: text,
    preview: fc.array(text, { maxLength: 3 }),
  });
  fc.assert(
    fc.property(
      fc.array(made, { minLength: 1, maxLength: 30 }),
      fc.nat(),
      fc.integer({ min: 4, max: 120 }),
      fc.integer({ min: 5, max: 40 }),
      (given, at, columns, rows) => {
        const choices = given.map(({ name, ...more }) => choice(name, more));
        const cursor = at % choices.length;
        const lines = frameLines(choices, cursor, { columns, rows }, plainPaint);
        for (const line of lines) expect(cellWidth(line)).toBeLessThan(columns);
        // The line that is typed on comes on top.
        expect(lines.length + 1).toBeLessThanOrEqual(rows);
        expect(lines.filter((line) => line.startsWith("❯"))).toHaveLength(1);
      },
    ),
  );
});

test("text is cut between what one sees as characters", () => {
  expect(fitCells("⚙️ Backend", 20)).toBe("⚙️ Backend");
  expect(fitCells("⚙️ Backend", 6)).toBe("⚙️ Ba…");
  expect(fitCells("漢字漢字", 4)).toBe("漢…");
});
