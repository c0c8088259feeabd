import fs from "node:fs";
import { describe, expect, test } from "vitest";
import { appendFact } from "../../src/journal/append.ts";
import { blobDirectory, putBlob, readBlob } from "../../src/journal/blobs.ts";
import { enforceRetention, usage } from "../../src/journal/retention.ts";
import { type Cursor, listSegments, segmentPath } from "../../src/journal/segments.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { aFact, readAll } from "./a-fact.ts";

const NOW = 1_750_000_000_000;
const DAY_MS = 86_400_000;
const at = (segment: number): Cursor => ({ segment, offset: 0, seq: 0 });
/** Every sink is configured. */
const passedBy = (sink: Cursor, ledger: Cursor) => ({ all: sink, living: sink, ledger });
const unlimited = { ageMs: Number.MAX_SAFE_INTEGER, sizeBytes: Number.MAX_SAFE_INTEGER };

/** A journal of that many segments, the last one open and empty, each with blobs of that many bytes. */
function someSegments(count: number, blobBytes = 0) {
  const root = temporaryDirectory();
  const dirs = { journal: `${root}/journal`, blobs: `${root}/blobs` };
  for (let segment = 1; segment < count; segment++) {
    appendFact({ dir: dirs.journal, segmentBytes: 1 }, aFact());
    if (blobBytes > 0) putBlob(dirs.blobs, segment, `hash-${segment}`, "x".repeat(blobBytes));
  }
  const setAge = (segment: number, ageMs: number) => {
    const seconds = (NOW - ageMs) / 1000;
    fs.utimesSync(segmentPath(dirs.journal, segment), seconds, seconds);
  };
  for (const segment of listSegments(dirs.journal)) setAge(segment, 0);
  return { dirs, setAge, sizeOf: (segment: number) => fs.statSync(segmentPath(dirs.journal, segment)).size };
}

describe("age", () => {
  test("takes what is older and was passed by everyone, blobs included", () => {
    const { dirs, setAge } = someSegments(6, 10);
    for (const segment of [1, 2, 3]) setAge(segment, 31 * DAY_MS);
    const limits = { ...unlimited, ageMs: 30 * DAY_MS };
    expect(enforceRetention(dirs, limits, passedBy(at(5), at(5)), NOW)).toEqual({
      delivered: [1, 2, 3],
      lost: [],
      blobs: [],
    });
    expect(listSegments(dirs.journal)).toEqual([4, 5, 6]);
    // Those of the youngest one stay a round longer: a late writer may have put a body there.
    expect(fs.readdirSync(dirs.blobs)).toEqual(["00000003", "00000004", "00000005"]);
  });

  test.each([
    ["a sink", at(2), at(6)],
    ["the ledger", at(6), at(2)],
  ])("stops before the segment in which %s stands", (_, passed, ledger) => {
    const { dirs, setAge } = someSegments(6);
    for (const segment of listSegments(dirs.journal)) setAge(segment, 99 * DAY_MS);
    expect(
      enforceRetention(dirs, { ...unlimited, ageMs: DAY_MS }, passedBy(passed, ledger), NOW).delivered,
    ).toEqual([1]);
  });

  test("never takes the open segment", () => {
    const { dirs, setAge } = someSegments(3);
    for (const segment of listSegments(dirs.journal)) setAge(segment, 99 * DAY_MS);
    enforceRetention(dirs, { ageMs: DAY_MS, sizeBytes: 0 }, passedBy(at(99), at(99)), NOW);
    expect(listSegments(dirs.journal)).toEqual([3]);
    const fact = aFact();
    appendFact({ dir: dirs.journal, segmentBytes: 1 }, fact);
    expect(readAll(dirs.journal).ids).toEqual([fact.id]);
  });

  test("never takes one from the middle, though clocks or late lines made its neighbours younger", () => {
    const { dirs, setAge } = someSegments(6);
    for (const segment of [1, 3, 4]) setAge(segment, 99 * DAY_MS);
    enforceRetention(dirs, { ...unlimited, ageMs: DAY_MS }, passedBy(at(6), at(6)), NOW);
    expect(listSegments(dirs.journal)).toEqual([2, 3, 4, 5, 6]);
    expect(readAll(dirs.journal).ids).toHaveLength(4);
  });

  test("a file from the future is young", () => {
    const { dirs, setAge } = someSegments(3);
    setAge(1, -99 * DAY_MS);
    expect(enforceRetention(dirs, { ...unlimited, ageMs: 0 }, passedBy(at(3), at(3)), NOW).delivered).toEqual(
      [],
    );
  });
});

describe("size", () => {
  test("takes blobs before any fact", () => {
    const { dirs } = someSegments(5, 10_000);
    const sizeBytes = usage(dirs) - 15_000;
    expect(enforceRetention(dirs, { ...unlimited, sizeBytes }, passedBy(at(5), at(5)), NOW)).toEqual({
      delivered: [],
      lost: [],
      blobs: [1, 2],
    });
    expect(usage(dirs)).toBeLessThanOrEqual(sizeBytes);
  });

  test("takes the blobs that a segment left behind before any other fact", () => {
    const { dirs, setAge } = someSegments(5, 10_000);
    setAge(1, 99 * DAY_MS);
    enforceRetention(dirs, { ...unlimited, ageMs: DAY_MS }, passedBy(at(5), at(5)), NOW);
    const sizeBytes = usage(dirs) - 5000;
    expect(enforceRetention(dirs, { ...unlimited, sizeBytes }, passedBy(at(5), at(5)), NOW)).toEqual({
      delivered: [],
      lost: [],
      blobs: [1],
    });
  });

  test("takes the oldest blobs of the open segment, no more than it must", () => {
    const { dirs } = someSegments(1);
    appendFact({ dir: dirs.journal, segmentBytes: 1 << 20 }, aFact());
    for (const [index, hash] of ["c", "a", "b"].entries()) {
      const path = `${dirs.blobs}/${putBlob(dirs.blobs, 1, hash, "x".repeat(10_000))}`;
      fs.utimesSync(path, index, index);
    }
    fs.writeFileSync(`${dirs.blobs}/00000001/d.123456.tmp`, "being written");
    fs.utimesSync(`${dirs.blobs}/00000001/d.123456.tmp`, 0, 0);
    const sizeBytes = usage(dirs) - 15_000;
    expect(enforceRetention(dirs, { ...unlimited, sizeBytes }, passedBy(at(1), at(1)), NOW)).toEqual({
      delivered: [],
      lost: [],
      blobs: [1],
    });
    expect(fs.readdirSync(`${dirs.blobs}/00000001`)).toEqual(["b", "d.123456.tmp"]);
    expect(readAll(dirs.journal).ids).toHaveLength(1);
  });

  test("of the open segment's blobs, takes none for old that was put there again", () => {
    const { dirs } = someSegments(1);
    appendFact({ dir: dirs.journal, segmentBytes: 1 << 20 }, aFact());
    const put = (hash: string) => `${dirs.blobs}/${putBlob(dirs.blobs, 1, hash, "x".repeat(10_000))}`;
    fs.utimesSync(put("used"), 0, 0);
    fs.utimesSync(put("unused"), 1, 1);
    put("used");
    const sizeBytes = usage(dirs) - 5000;
    enforceRetention(dirs, { ...unlimited, sizeBytes }, passedBy(at(1), at(1)), NOW);
    expect(fs.readdirSync(`${dirs.blobs}/00000001`)).toEqual(["used"]);
  });

  test("takes the open segment's blobs after delivered facts, and before those that a sink waits for", () => {
    const { dirs, sizeOf } = someSegments(4);
    putBlob(dirs.blobs, 4, "hash", "x".repeat(10_000));
    const sizeBytes = usage(dirs) - 10_000 - sizeOf(1);
    expect(enforceRetention(dirs, { ...unlimited, sizeBytes }, passedBy(at(2), at(4)), NOW)).toEqual({
      delivered: [1],
      lost: [],
      blobs: [4],
    });
  });

  test("takes delivered segments before those that a sink still waits for, no more than it must", () => {
    const { dirs, sizeOf } = someSegments(8);
    const first = sizeOf(1) + sizeOf(2);
    const all = usage(dirs);
    expect(
      enforceRetention(dirs, { ...unlimited, sizeBytes: all - first }, passedBy(at(4), at(8)), NOW),
    ).toEqual({
      delivered: [1, 2],
      lost: [],
      blobs: [],
    });
    expect(
      enforceRetention(dirs, { ...unlimited, sizeBytes: all - 2 * first }, passedBy(at(4), at(8)), NOW),
    ).toEqual({
      delivered: [3],
      lost: [4],
      blobs: [],
    });
    expect(listSegments(dirs.journal)).toEqual([5, 6, 7, 8]);
  });

  test("takes what only a sink waits for that nobody delivers to, before texts that a living one waits for", () => {
    const { dirs, sizeOf } = someSegments(6, 10_000);
    const passed = { all: at(1), living: at(4), ledger: at(6) };
    const sizeBytes = usage(dirs) - 20_000 - sizeOf(1) - sizeOf(2);
    expect(enforceRetention(dirs, { ...unlimited, sizeBytes }, passed, NOW)).toEqual({
      delivered: [],
      lost: [1, 2],
      blobs: [1, 2],
    });
    // A writer that met a rotation may have put texts of the fourth there.
    expect(fs.readdirSync(dirs.blobs)).toContain("00000003");
  });

  test("never takes what the ledger has not passed, whatever the size", () => {
    const { dirs } = someSegments(8);
    expect(enforceRetention(dirs, { ...unlimited, sizeBytes: 0 }, passedBy(at(8), at(3)), NOW)).toMatchObject(
      {
        delivered: [1, 2],
        lost: [],
      },
    );
    expect(enforceRetention(dirs, { ...unlimited, sizeBytes: 0 }, passedBy(at(1), at(5)), NOW)).toMatchObject(
      {
        delivered: [],
        lost: [3, 4],
      },
    );
    expect(readAll(dirs.journal).ids).toHaveLength(3);
  });

  test("of a home without a journal nothing is taken", () => {
    const root = temporaryDirectory();
    const dirs = { journal: `${root}/none`, blobs: `${root}/neither` };
    expect(enforceRetention(dirs, { ageMs: 0, sizeBytes: 0 }, passedBy(at(9), at(9)), NOW)).toEqual({
      delivered: [],
      lost: [],
      blobs: [],
    });
  });
});

describe("a blob", () => {
  test("is kept once per segment, and read by the path that goes into the fact", () => {
    const blobs = `${temporaryDirectory()}/blobs`;
    const path = putBlob(blobs, 7, "hash", "a prompt");
    expect(putBlob(blobs, 7, "hash", "a prompt")).toBe(path);
    expect(readBlob(blobs, path)).toBe("a prompt");
    expect(fs.statSync(`${blobs}/${path}`).mode & 0o777).toBe(0o600);
    fs.rmSync(blobDirectory(blobs, 7), { recursive: true });
    expect(readBlob(blobs, path)).toBeUndefined();
  });
});
