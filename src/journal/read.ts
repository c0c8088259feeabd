import fs from "node:fs";
import { type Fact, MAX_FACT_BYTES, parseLine } from "./fact.ts";
import { type Cursor, listSegments, sealSegment, segmentPath } from "./segments.ts";

export interface JournalRead {
  /** Just behind the last line that was read. */
  readonly cursor: Cursor;
  /** Lines passed over: torn by a crash, or nobody's. */
  readonly skipped: number;
  /** True when segments between the given cursor and the first line read are gone. */
  readonly gap: boolean;
  /** Set when reading stopped before a fact of a newer program: the version it has. */
  readonly newer?: number;
}

const CHUNK_BYTES = 2 * MAX_FACT_BYTES;

/**
 * Reads facts in the order of their bytes, from a cursor (or the oldest segment that is kept) to the end.
 * Never enters an unterminated tail, and leaves a segment only at its seal, which it appends itself where
 * a killed writer still owes it.
 *
 * @param visit gets each fact and the cursor behind it; `false` stops there.
 */
export function readFacts(
  dir: string,
  from: Cursor | undefined,
  visit: (fact: Fact, after: Cursor) => boolean | undefined,
): JournalRead {
  // Where the cursor's segment is there, as nearly always, the directory need not be listed.
  const here = from !== undefined && hasSegment(dir, from.segment);
  if (here && isAtEnd(dir, from)) return { cursor: from, skipped: 0, gap: false };
  const listed = here ? undefined : listSegments(dir);
  const begin = here ? from.segment : listed?.[0];
  const seq = from?.seq ?? 0;
  if (begin === undefined) return { cursor: from ?? { segment: 1, offset: 0, seq }, skipped: 0, gap: false };
  const state: ReadState = {
    dir,
    visit,
    segment: begin,
    offset: here ? from.offset : 0,
    head: here ? from.head : undefined,
    seq,
    skipped: 0,
    newer: undefined,
  };
  for (;;) {
    const end = readSegment(state);
    if (end !== "sealed" && end !== "other") break;
    const segments = listSegments(dir);
    // Some may have been deleted meanwhile, with every checkpoint past them.
    const next = end === "other" ? segments[0] : segments.find((segment) => segment > state.segment);
    if (next === undefined) break;
    state.segment = next;
    state.offset = 0;
    state.head = undefined;
  }
  const cursor = cursorAt(state);
  // A cursor beyond the newest segment is no gap: it belongs to a journal that somebody has removed.
  const gap = !here && from !== undefined && from.segment < begin;
  const result = { cursor, skipped: state.skipped, gap };
  return state.newer === undefined ? result : { ...result, newer: state.newer };
}

/** Nothing was appended since: told without reading the segment. */
function isAtEnd(dir: string, { segment, offset, head }: Cursor): boolean {
  return head !== undefined && !hasSegment(dir, segment + 1) && sizeOf(segmentPath(dir, segment)) === offset;
}

/** By a descriptor, as everything else here: the first `stat` of a process alone costs a fifth of a millisecond. */
function sizeOf(path: string): number | undefined {
  try {
    const fd = fs.openSync(path, "r");
    const { size } = fs.fstatSync(fd);
    fs.closeSync(fd);
    return size;
  } catch {
    return undefined;
  }
}

interface ReadState {
  readonly dir: string;
  readonly visit: (fact: Fact, after: Cursor) => boolean | undefined;
  segment: number;
  offset: number;
  /** Of the segment; unknown while it is shorter than that. */
  head: string | undefined;
  seq: number;
  skipped: number;
  newer: number | undefined;
}

function cursorAt({ segment, offset, seq, head }: ReadState): Cursor {
  return head === undefined ? { segment, offset, seq } : { segment, offset, seq, head };
}

/** `other`: the segment is not the one that the cursor was in. */
type SegmentEnd = "sealed" | "end" | "stopped" | "other";

const hasSegment = (dir: string, segment: number) => fs.existsSync(segmentPath(dir, segment));

function readSegment(state: ReadState): SegmentEnd {
  let fd: number;
  try {
    fd = fs.openSync(segmentPath(state.dir, state.segment), "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    // Deleted since it was listed, after every checkpoint had passed it.
    return "sealed";
  }
  try {
    const head = readHead(fd);
    if (head !== undefined && state.head !== undefined && head !== state.head) return "other";
    state.head ??= head;
    // A file restored from a backup may be shorter than what was read of it once.
    state.offset = Math.min(state.offset, fs.fstatSync(fd).size);
    const end = readLines(fd, state);
    if (end !== "end" || !hasSegment(state.dir, state.segment + 1)) return end;
    try {
      sealSegment(state.dir, state.segment);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "";
      // A read-only home: nobody writes there, so nothing can follow in this segment.
      if (["EROFS", "EACCES", "EPERM"].includes(code)) return "sealed";
      // On a full disk a writer that was paused may still come and find no seal: stay for its line.
      if (code !== "ENOENT") return "end";
      // Deleted meanwhile, so it has its seal.
    }
    // Up to the seal once more: a live writer may have come in between.
    return readLines(fd, state);
  } finally {
    fs.closeSync(fd);
  }
}

const BEFORE_ID = '\n{"v":1,"id":"'.length;
const HEAD_BYTES = BEFORE_ID + 32;

function readHead(fd: number): string | undefined {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES);
  if (fs.readSync(fd, bytes, 0, HEAD_BYTES, 0) < HEAD_BYTES) return undefined;
  return bytes.toString("latin1", BEFORE_ID);
}

function readLines(fd: number, state: ReadState): SegmentEnd {
  for (;;) {
    const remaining = fs.fstatSync(fd).size - state.offset;
    if (remaining <= 0) return "end";
    const chunk = Buffer.allocUnsafe(Math.min(remaining, CHUNK_BYTES));
    const count = fs.readSync(fd, chunk, 0, chunk.length, state.offset);
    const complete = chunk.subarray(0, count).lastIndexOf(10) + 1;
    if (complete > 0) {
      const end = visitLines(chunk.subarray(0, complete), state);
      if (end !== undefined) return end;
    } else if (count === CHUNK_BYTES) {
      // Longer than any fact can be, so none begins in here.
      state.offset += count;
      state.skipped += 1;
    } else {
      return "end";
    }
  }
}

/** Goes through whole lines, moving the state's offset behind each; tells why it ended before the last. */
function visitLines(lines: Buffer, state: ReadState): SegmentEnd | undefined {
  let start = 0;
  while (start < lines.length) {
    const newline = lines.indexOf(10, start);
    const length = newline - start;
    const line = length === 0 ? undefined : parseLine(lines.toString("utf8", start, newline));
    if (line?.kind === "newer") {
      state.newer = line.version;
      return "stopped";
    }
    state.offset += length + 1;
    start = newline + 1;
    if (line === undefined) continue;
    if (line.kind === "seal") return "sealed";
    if (line.kind === "foreign") {
      state.skipped += 1;
      continue;
    }
    state.seq += 1;
    if (state.visit(line.fact, cursorAt(state)) === false) return "stopped";
  }
  return undefined;
}
