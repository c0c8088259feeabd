import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCsv } from "../../src/llm/csv.ts";
import { parseItems } from "../../src/llm/dataset-file.ts";
import { compare, parseJudge, readVerdict } from "../../src/llm/judge.ts";

const csvCell = (text: string) => `"${text.replaceAll('"', '""')}"`;

describe("CSV", () => {
  test("gives back whatever was quoted into it", () => {
    const cell = fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r", "é", " ") });
    const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1 });
    fc.assert(
      fc.property(rows, fc.constantFrom("\n", "\r\n"), (table, end) => {
        const text = table.map((row) => row.map(csvCell).join(",")).join(end);
        const { records, problems } = parseCsv(text);
        expect(problems).toEqual([]);
        expect(records.map(({ cells }) => cells)).toEqual(table);
      }),
    );
  });

  test("never fails to end, and tells lines that there are", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r") }), (text) => {
        const { records, problems } = parseCsv(text);
        const lines = text.split(/\r\n|\r|\n/).length;
        for (const { line } of [...records, ...problems]) expect(line).toBeLessThanOrEqual(lines);
      }),
    );
  });

  test("keeps count of lines through cells that have some", () => {
    const text = '\ufeffinput,expectedOutput\r\n"one\ntwo","x"\r\nplain,y\r\n\r\nlast,"z"';
    expect(parseCsv(text).records.map(({ line }) => line)).toEqual([1, 2, 4, 6]);
  });
});

describe("items", () => {
  test("of CSV are texts but for metadata; an empty cell is nothing", () => {
    const text = 'input,expectedOutput,metadata\n"say ""hi"", twice\nplease",hi,"{""level"":1}"\n2,,\n';
    expect(parseItems(text, "csv", "d")).toMatchObject({
      ok: true,
      value: [
        { input: 'say "hi", twice\nplease', expectedOutput: "hi", metadata: { level: 1 } },
        { input: "2", expectedOutput: null, metadata: null },
      ],
    });
  });

  test("have ids that follow from dataset and input, whatever the order of keys", () => {
    const idOf = (text: string, dataset = "d") => {
      const items = parseItems(text, "jsonl", dataset);
      return items.ok ? items.value[0]?.id : undefined;
    };
    const id = idOf('{"input":{"a":1,"b":2}}');
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(idOf('{"expectedOutput":"x","input":{"b":2,"a":1}}')).toBe(id);
    expect(idOf('{"input":{"a":1,"b":3}}')).not.toBe(id);
    expect(idOf('{"input":{"a":1,"b":2}}', "other")).not.toBe(id);
    expect(idOf('{"input":"x","id":"mine"}')).toBe("mine");
  });

  test("that are none are all told, with their lines", () => {
    const text =
      '{"input":1}\nnope\n[]\n{"expectedOutput":1}\n\n{"input":1}\n{"input":2,"inptu":3}\n{"input":3,"id":4}';
    expect(parseItems(text, "jsonl", "d")).toEqual({
      ok: false,
      error: [
        { line: 2, message: "no JSON" },
        { line: 3, message: "no object" },
        { line: 4, message: "input is missing" },
        { line: 6, message: "the same input as line 1" },
        { line: 7, message: 'unknown "inptu"; there are id, input, expectedOutput, metadata' },
        { line: 8, message: "id is no text of at most 200 characters" },
      ],
    });
    expect(parseItems('input,metadata\n"a\nb",{x\nc\n"open', "csv", "d")).toMatchObject({
      error: [
        { line: 2, message: "metadata is no JSON" },
        { line: 4, message: "1 cells, where the header has 2" },
        { line: 5, message: "a quote that is never closed" },
      ],
    });
    expect(parseItems("question\nx\n", "csv", "d")).toMatchObject({ error: [{ line: 1 }] });
  });
});

describe("a judge", () => {
  test.each([
    ["exact", " Paris\n", "Paris", 1],
    ["exact", "paris", "Paris", 0],
    ["exact", "42", 42, 1],
    ["regex", "It is Paris.", "^It is (Paris|Rome)", 1],
    ["regex", "Berlin", "Paris", 0],
    ["json", '```json\n{"b":1,"a":[2]}\n```', '{"a":[2],"b":1}', 1],
    ["json", '{"a":[2],"b":1}', { b: 1, a: [2] }, 1],
    ["json", '{"a":[1]}', { a: [2] }, 0],
    ["json", "no", { a: [2] }, 0],
  ] as const)("of kind %s on %j against %j says %d", (kind, output, expected, score) => {
    expect(compare(kind, output, expected)).toMatchObject({ ok: true, value: { score } });
  });

  test.each([
    ["exact", null, "no expected output"],
    ["regex", "(", "no regular expression"],
    ["json", "{", "no JSON"],
  ] as const)("of kind %s cannot judge against %j", (kind, expected, why) => {
    expect(compare(kind, "x", expected)).toEqual({ ok: false, error: expect.stringContaining(why) });
  });

  test("does not wait for a pattern that never ends", () => {
    expect(compare("regex", `${"a".repeat(40)}!`, "^(a+)+$")).toMatchObject({
      ok: false,
      error: "the regular expression took too long",
    });
  });

  test("may put words around its JSON, and scores from 0 to 1 only", () => {
    expect(readVerdict("0.5\n")).toEqual({ ok: true, value: { score: 0.5 } });
    expect(readVerdict('Sure: {"score": 1, "comment": "fine"} ok')).toEqual({
      ok: true,
      value: { score: 1, comment: "fine" },
    });
    for (const text of ["", "2", "good", '{"score":"1"}', '{"score":-1}']) {
      expect(readVerdict(text).ok).toBe(false);
    }
  });

  test("is named by a word, or a word and what it needs", () => {
    expect(parseJudge("llm:openai/gpt-4o")).toEqual({ kind: "llm", model: "openai/gpt-4o" });
    expect(parseJudge("script:./a:b.sh")).toEqual({ kind: "script", path: "./a:b.sh" });
    for (const text of ["", "script:", "llm", "eval:x"]) expect(parseJudge(text)).toBeUndefined();
  });
});
