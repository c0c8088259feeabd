import fs from "node:fs";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { appendFact } from "../../src/journal/append.ts";
import { MAX_FACT_BYTES, SEAL } from "../../src/journal/fact.ts";
import { readFacts } from "../../src/journal/read.ts";
import {
  type Cursor,
  deleteSegmentsBelow,
  listSegments,
  sealSegment,
  segmentPath,
} from "../../src/journal/segments.ts";
import { examples } from "../support/draw-examples.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { aFact, readAll } from "./a-fact.ts";

const BIG = 1 << 30;
const raw = (dir: string, segment: number, bytes: string | Buffer) =>
  fs.appendFileSync(segmentPath(dir, segment), bytes);

function journal(segmentBytes = BIG) {
  const dir = `${temporaryDirectory()}/journal`;
  const append = (count = 1) =>
    Array.from({ length: count }, () => {
      const fact = aFact();
      appendFact({ dir, segmentBytes }, fact);
      return fact.id;
    });
  return { dir, append };
}

test("what was appended is read: all of it, in that order, whatever is in it and wherever it was cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { minLength: 1, maxLength: 20 }),
      fc.constantFrom(1, 900, BIG),
      fc.nat(),
      (bodies, segmentBytes, at) => {
        const dir = fs.mkdtempSync(`${temporaryDirectory()}/`);
        // Through JSON, since -0 does not survive it.
        const facts = bodies.map((data) => aFact({ data: JSON.parse(JSON.stringify(data)) }));
        const cut = at % facts.length;
        for (const fact of facts.slice(0, cut)) appendFact({ dir, segmentBytes }, fact);
        const before = readAll(dir);
        for (const fact of facts.slice(cut)) appendFact({ dir, segmentBytes }, fact);
        const after = readAll(dir, before.cursor);
        expect([...before.facts, ...after.facts]).toEqual(facts);
        expect(after).toMatchObject({ skipped: 0, gap: false, cursor: { seq: facts.length } });
        expect(readAll(dir).facts).toEqual(facts);
      },
    ),
    { numRuns: examples(40) },
  );
});

test("tells in which segment a fact lies, and begins the next one at the size given", () => {
  const { dir } = journal();
  const segments = Array.from({ length: 12 }, () => appendFact({ dir, segmentBytes: 900 }, aFact()).segment);
  expect(segments[0]).toBe(1);
  expect(segments).toEqual([...segments].sort((a, b) => a - b));
  expect(new Set(segments).size).toBeGreaterThan(2);
  const sealed = listSegments(dir).slice(0, -1);
  for (const segment of sealed) expect(fs.readFileSync(segmentPath(dir, segment), "utf8")).toContain(SEAL);
});

test("what is done before the disk has a fact sees it in its place, and cannot keep the disk from it", () => {
  const { dir } = journal();
  const sync = vi.spyOn(fs, "fsyncSync");
  const seen: unknown[] = [];
  const fact = aFact();
  const failing = () =>
    appendFact({ dir, segmentBytes: BIG }, fact, {
      beforeSync: (place) => {
        sync.mockClear();
        seen.push(place, readAll(dir).facts);
        throw new Error("not kept");
      },
    });
  expect(failing).toThrow("not kept");
  const { size } = fs.statSync(segmentPath(dir, 1));
  expect(seen).toEqual([{ segment: 1, bytes: { start: 0, end: size } }, [fact]]);
  expect(sync).toHaveBeenCalledTimes(1);
  sync.mockRestore();
});

test("directories and files are the user's alone", () => {
  const { dir, append } = journal(1);
  append();
  expect(fs.statSync(dir).mode & 0o777).toBe(0o700);
  for (const segment of listSegments(dir)) {
    expect(fs.statSync(segmentPath(dir, segment)).mode & 0o777).toBe(0o600);
  }
});

test("a fact that is too long is refused before anything is written", () => {
  const { dir } = journal();
  const fact = aFact({ data: { text: "x".repeat(MAX_FACT_BYTES) } });
  expect(() => appendFact({ dir, segmentBytes: BIG }, fact)).toThrow("blobs");
  expect(listSegments(dir)).toEqual([]);
});

test("a visitor that has enough stops the reading behind that fact", () => {
  const { dir, append } = journal(1);
  const ids = append(5);
  let cursor: Cursor | undefined;
  for (const id of ids) {
    const seen: [string, Cursor][] = [];
    const read = readFacts(dir, cursor, (fact, after) => {
      seen.push([fact.id, after]);
      return false;
    });
    expect(seen).toEqual([[id, read.cursor]]);
    cursor = read.cursor;
  }
  expect(readAll(dir, cursor).ids).toEqual([]);
});

describe("what is nobody's is passed over and counted", () => {
  test.each([
    ["text", "hello\n", 1],
    ["a torn fact", `\n${JSON.stringify(aFact()).slice(0, 200)}`, 1],
    [
      "a fact torn inside a letter of several bytes",
      Buffer.from(`\n${JSON.stringify(aFact({ scope: "é".repeat(40) }))}`).subarray(0, 101),
      1,
    ],
    ["bytes that are no text", Buffer.from([0, 255, 254, 10, 128, 192, 10]), 2],
    ["JSON of other shapes", `[]\nnull\n3\n"x"\n{"v":0}\n{"v":1,"id":7}\n`, 6],
    ["empty lines", "\n\n\n", 0],
  ])("%s", (_, garbage, skipped) => {
    const { dir, append } = journal();
    const before = append(2);
    raw(dir, 1, garbage);
    const after = append(2);
    expect(readAll(dir)).toMatchObject({ ids: [...before, ...after], skipped });
  });

  test.each([0, 1, 262_144, 524_287, 524_288, 524_289, 5_000_000])("%i bytes without a newline", (length) => {
    const { dir, append } = journal();
    const before = append(2);
    raw(dir, 1, "x".repeat(length));
    const after = append(2);
    const read = readAll(dir);
    expect(read.ids).toEqual([...before, ...after]);
    expect(read.skipped > 0).toBe(length > 0);
  });

  test("any bytes, between any facts", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 }),
        fc.constantFrom(500, BIG),
        (garbage, segmentBytes) => {
          const { dir, append } = journal(segmentBytes);
          const ids = append();
          for (const bytes of garbage) {
            raw(dir, listSegments(dir).at(-1) ?? 1, Buffer.from(bytes));
            ids.push(...append());
          }
          expect(readAll(dir).ids).toEqual(ids);
        },
      ),
      { numRuns: examples(50) },
    );
  });

  test("once, not again by the next reading", () => {
    const { dir, append } = journal();
    append();
    raw(dir, 1, "garbage\n");
    const first = readAll(dir);
    append();
    expect(readAll(dir, first.cursor)).toMatchObject({ skipped: 0, cursor: { seq: 2 } });
  });
});

test("an unterminated tail is not entered, and read once it is complete", () => {
  const { dir, append } = journal();
  append();
  const fact = aFact({ scope: "project:ünïcode" });
  const bytes = Buffer.from(`\n${JSON.stringify(fact)}\n`);
  let { cursor } = readAll(dir);
  for (let end = 1; end < bytes.length; end++) {
    raw(dir, 1, bytes.subarray(end - 1, end));
    const read = readAll(dir, cursor);
    expect(read).toMatchObject({ ids: [], skipped: 0 });
    cursor = read.cursor;
  }
  raw(dir, 1, "\n");
  expect(readAll(dir, cursor)).toMatchObject({ facts: [fact], skipped: 0, cursor: { seq: 2 } });
});

test("reading stops before the fact of a newer program", () => {
  const { dir, append } = journal();
  const ids = append(2);
  raw(dir, 1, `\n${JSON.stringify({ ...aFact(), v: 3 })}\n`);
  append();
  const read = readAll(dir);
  expect(read).toMatchObject({ ids, newer: 3, cursor: { seq: 2 } });
  expect(readAll(dir, read.cursor)).toMatchObject({ ids: [], newer: 3, cursor: read.cursor });
});

test("lines after the first seal are void, further seals too", () => {
  const { dir, append } = journal(1);
  const ids = append(2);
  raw(dir, 1, `\n${JSON.stringify(aFact())}\n`);
  sealSegment(dir, 1);
  raw(dir, 1, `\n${JSON.stringify(aFact())}\n`);
  expect(readAll(dir)).toMatchObject({ ids, skipped: 0 });
});

describe("a rotation that was left unfinished", () => {
  const unfinished = () => {
    const one = journal();
    const ids = one.append(2);
    fs.writeFileSync(segmentPath(one.dir, 2), "");
    return { ...one, ids };
  };
  const sealCount = (dir: string) => fs.readFileSync(segmentPath(dir, 1), "utf8").split(SEAL).length - 1;

  test("is finished by a reader, once", () => {
    const { dir, append, ids } = unfinished();
    const read = readAll(dir);
    expect(read).toMatchObject({ ids, cursor: { segment: 2, offset: 0 } });
    const later = append(2);
    expect(readAll(dir, read.cursor).ids).toEqual(later);
    expect(readAll(dir).ids).toEqual([...ids, ...later]);
    expect(sealCount(dir)).toBe(1);
  });

  test("keeps nobody from writing, and loses nothing of a torn tail's neighbours", () => {
    const { dir, append, ids } = unfinished();
    raw(dir, 1, `\n${JSON.stringify(aFact()).slice(0, 99)}`);
    const later = append(2);
    expect(readAll(dir)).toMatchObject({ ids: [...ids, ...later], skipped: 1 });
    expect(sealCount(dir)).toBe(1);
  });
});

describe("a journal that somebody has tampered with", () => {
  test("there is none yet, or none any more", () => {
    const { dir, append } = journal();
    const none = readAll(dir);
    expect(none).toMatchObject({ ids: [], skipped: 0, gap: false });
    const ids = append();
    expect(readAll(dir, none.cursor).ids).toEqual(ids);
    fs.rmSync(dir, { recursive: true });
    expect(readAll(dir, readAll(dir).cursor).ids).toEqual([]);
    expect(readAll(dir, { segment: 1, offset: 0, seq: 0 }).ids).toEqual([]);
    const anew = append();
    expect(readAll(dir).ids).toEqual(anew);
  });

  test("begun anew, what is new is read, even where it is longer than what was read before", () => {
    for (const count of [1, 4, 9]) {
      const { dir, append } = journal();
      append(3);
      const { cursor } = readAll(dir);
      fs.rmSync(dir, { recursive: true });
      const anew = append(count);
      expect(readAll(dir, cursor)).toMatchObject({ ids: anew, skipped: 0, cursor: { seq: 3 + count } });
    }
  });

  test("a cursor behind the newest segment belongs to a journal that is gone", () => {
    const { dir, append } = journal();
    const ids = append(2);
    expect(readAll(dir, { segment: 9, offset: 100, seq: 50 })).toMatchObject({
      ids,
      gap: false,
      cursor: { segment: 1, seq: 52 },
    });
  });

  test("a segment that was cut short is not read twice, and goes on being read", () => {
    const { dir, append } = journal();
    append(5);
    const { cursor } = readAll(dir);
    fs.truncateSync(segmentPath(dir, 1), 1000);
    const cut = readAll(dir, cursor);
    expect(cut).toMatchObject({ ids: [], cursor: { segment: 1, offset: 1000, seq: 5 } });
    const ids = append(2);
    expect(readAll(dir, cut.cursor).ids).toEqual(ids);
  });

  test("segments that are gone below the cursor are told as a gap", () => {
    const { dir, append } = journal(1);
    append(2);
    const { cursor } = readAll(dir);
    const ids = append(4);
    expect(cursor.segment).toBe(3);
    fs.rmSync(segmentPath(dir, 1));
    fs.rmSync(segmentPath(dir, 2));
    expect(readAll(dir, cursor)).toMatchObject({ ids, gap: false });
    fs.rmSync(segmentPath(dir, 3));
    fs.rmSync(segmentPath(dir, 4));
    expect(readAll(dir, cursor)).toMatchObject({ ids: ids.slice(2), gap: true, cursor: { seq: 4 } });
  });

  test("other files beside the segments do not matter", () => {
    const { dir, append } = journal(1);
    const ids = append();
    fs.writeFileSync(`${dir}/notes.jsonl`, "x");
    fs.writeFileSync(`${dir}/00000009.jsonl.bak`, "x");
    ids.push(...append());
    expect(readAll(dir).ids).toEqual(ids);
  });
});

describe("segments that were deleted for good", () => {
  test("are no part of the journal, whoever brings one into being again", () => {
    const { dir, append } = journal(1);
    append(4);
    deleteSegmentsBelow(dir, 3);
    expect(listSegments(dir)).toEqual([3, 4, 5]);
    const kept = readAll(dir);
    expect(kept.ids).toHaveLength(2);
    // A writer that was paused since segment 1 was open.
    raw(dir, 2, `\n${JSON.stringify(aFact())}\n`);
    expect(listSegments(dir)).toEqual([3, 4, 5]);
    expect(readAll(dir).ids).toEqual(kept.ids);
    expect(readAll(dir, { segment: 1, offset: 0, seq: 0 })).toMatchObject({ ids: kept.ids, gap: true });
    deleteSegmentsBelow(dir, 4);
    expect(fs.existsSync(segmentPath(dir, 2))).toBe(false);
  });

  test("leave no more than two marks, and a journal whose numbers go on", () => {
    const { dir, append } = journal(1);
    append(9);
    for (let floor = 2; floor < 10; floor++) deleteSegmentsBelow(dir, floor);
    expect(fs.readdirSync(dir).filter((name) => name.endsWith(".floor"))).toHaveLength(2);
    for (const segment of listSegments(dir)) fs.rmSync(segmentPath(dir, segment));
    const ids = append(2);
    expect(listSegments(dir)).toEqual([9, 10, 11]);
    expect(readAll(dir).ids).toEqual(ids);
  });
});

test("clocks that jump do not matter", () => {
  const { dir } = journal();
  const facts = [5, 1e13, 0, 7, 3].map((ts) => aFact({ ts }));
  for (const fact of facts) {
    appendFact({ dir, segmentBytes: 1 }, fact);
    const open = segmentPath(dir, listSegments(dir).at(-1) ?? 1);
    fs.utimesSync(open, fact.ts % 1000, 1e9 - (fact.ts % 1000));
  }
  expect(readAll(dir).facts).toEqual(facts);
});
