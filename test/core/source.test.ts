import { describe, expect, test } from "vitest";
import { parseSource } from "../../src/core/source.ts";

function parse(text: string, format: "json" | "yaml" = "yaml") {
  const parsed = parseSource(text, format);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

describe("a YAML source", () => {
  const source = parse("a:\n  1x: [p, q]\n  b: 1.10\nbase: &base 007\ncopy: *base\n");

  test.each<[readonly (string | number)[], number, number]>([
    [["a", "1x", 1], 2, 11],
    [["a", "b"], 3, 6],
    [["a", "gone", "deeper"], 2, 3],
    [[], 1, 1],
  ])("locates the value at %j, or what is around it", (path, line, column) => {
    expect(source.locate(path)).toEqual({ line, column });
  });

  test.each<[readonly string[], number, number]>([
    [["a"], 1, 1],
    [["a", "b"], 3, 3],
    [["a", "gone"], 2, 3],
  ])("locates the key %j", (path, line, column) => {
    expect(source.locateKey(path)).toEqual({ line, column });
  });

  test("keeps scalars as they are written", () => {
    expect(source.value).toMatchObject({ a: { b: 1.1 } });
    expect(source.written(["a", "b"])).toBe("1.10");
    expect(source.written(["base"])).toBe("007");
    expect(source.written(["a"])).toBeUndefined();
    expect(source.written(["copy"])).toBe("007");
    expect(parse("a: &a [1.0]\nb: { c: *a }\n").written(["b", "c", 0])).toBe("1.0");
    expect(source.written(["a", "b", "c"])).toBeUndefined();
    expect(parse('a: "1\\n2"').written(["a"])).toBe("1\n2");
  });
});
