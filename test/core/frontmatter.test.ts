import fc from "fast-check";
import { expect, test } from "vitest";
import { parseFrontmatter } from "../../src/core/frontmatter.ts";
import { yamlText } from "../../src/core/yaml-text.ts";

function parsed(text: string) {
  const result = parseFrontmatter(text);
  if (!result.ok) throw new Error(result.error.message);
  return { value: result.value.source?.value, body: result.value.body, source: result.value.source };
}

test("values, and where they stand in the whole file", () => {
  const { value, body, source } = parsed("---\na: 1\nb:\n  - x\n---\n# Title\n");
  expect({ value, body }).toEqual({ value: { a: 1, b: ["x"] }, body: "# Title\n" });
  expect(source?.locate(["b", 0])).toEqual({ line: 4, column: 5 });
});

test.each([
  ["none", "# Title\n---\na: 1\n---\n"],
  ["an empty file", ""],
  ["a rule below text", "\n---\na: 1\n---\n"],
  ["more than three dashes", "-----\na: 1\n-----\n"],
])("is not made up: %s", (_, text) => {
  expect(parsed(text)).toEqual({ value: undefined, source: undefined, body: text });
});

test("a byte order mark, Windows line ends, and an end without a line break", () => {
  expect(parsed("\uFEFF---\r\na: x\r\n---\r\nbody")).toMatchObject({ value: { a: "x" }, body: "body" });
  expect(parsed("---\na: x\n---")).toMatchObject({ value: { a: "x" }, body: "" });
  expect(parsed("---\n---\n")).toMatchObject({ value: null, body: "" });
});

test("an end that is missing, and YAML that is none, with their places", () => {
  expect(parseFrontmatter("---\na: 1\n# Title\n")).toMatchObject({
    ok: false,
    error: { line: 1, column: 1 },
  });
  expect(parseFrontmatter("---\na: 1\nb: [\n---\n")).toMatchObject({ ok: false, error: { line: 4 } });
});

test("whatever is written reads back", () => {
  const text = fc.string({ unit: "grapheme" });
  fc.assert(
    fc.property(
      fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.oneof(text, fc.array(text))),
      text,
      (value, body) => {
        const file = `---\n${yamlText(value)}---\n${body}`;
        expect(parsed(file)).toMatchObject({ value, body });
      },
    ),
  );
});
