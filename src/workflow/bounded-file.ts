import fs from "node:fs";
import { writeFully } from "../core/atomic-file.ts";
import { errorCode } from "../core/errors.ts";

export interface FileBounds {
  /** So much of the beginning and of the end is kept, in bytes. */
  readonly headBytes: number;
  readonly tailBytes: number;
}

export interface BoundedFile {
  /** Whole lines, each with its end. */
  append(lines: readonly string[]): void;
  close(): BoundedFileSummary;
}

export interface BoundedFileSummary {
  readonly omittedBytes: number;
  /** The code of what kept it from being written, such as `ENOSPC`: the file is incomplete, or is not there. */
  readonly error: string | undefined;
}

/** Some lines that were written together. */
interface Batch {
  readonly bytes: Buffer;
  readonly lines: number;
}

/** Smaller ones are put together: of a process that writes line by line there would be tens of thousands. */
const SMALL_BATCH = 8192;

/**
 * A log file (mode 0600) that grows to a size and no further: its beginning is written as it comes, the end is held
 * in memory until the file is closed, and a line tells what is missing between. Never throws: a log that cannot
 * be written must not be what a stage fails of.
 */
export function openBoundedFile(path: string, { headBytes, tailBytes }: FileBounds): BoundedFile {
  let fd: number | undefined;
  let error: string | undefined;
  let written = 0;
  let isHeadFull = false;
  let tail: Batch[] = [];
  let tailSize = 0;
  let omitted = { bytes: 0, lines: 0 };

  const guarded = (work: () => void) => {
    try {
      work();
    } catch (cause) {
      error ??= errorCode(cause) ?? "unknown";
    }
  };
  guarded(() => {
    fd = fs.openSync(path, "w", 0o600);
  });

  const write = (bytes: Uint8Array) => {
    const file = fd;
    if (file === undefined || error !== undefined) return;
    guarded(() => {
      writeFully(file, bytes);
      written += bytes.length;
    });
    if (error !== undefined) tellIncomplete(file, written, error);
  };

  const hold = (batch: Batch) => {
    const last = tail.at(-1);
    if (last !== undefined && last.bytes.length < SMALL_BATCH) {
      tail[tail.length - 1] = {
        bytes: Buffer.concat([last.bytes, batch.bytes]),
        lines: last.lines + batch.lines,
      };
    } else {
      tail.push(batch);
    }
    tailSize += batch.bytes.length;
    let first = tail[0];
    while (first !== undefined && tailSize - first.bytes.length >= tailBytes) {
      tail.shift();
      tailSize -= first.bytes.length;
      omitted = { bytes: omitted.bytes + first.bytes.length, lines: omitted.lines + first.lines };
      first = tail[0];
    }
  };

  const flushTail = () => {
    let bytes = Buffer.concat(tail.map((batch) => batch.bytes));
    tail = [];
    if (bytes.length > tailBytes) {
      // The end of the line that would be the first one of the rest.
      const end = bytes.indexOf("\n", bytes.length - tailBytes - 1) + 1;
      omitted = {
        bytes: omitted.bytes + end,
        lines: omitted.lines + countLines(bytes.subarray(0, end)),
      };
      bytes = bytes.subarray(end);
    }
    if (omitted.bytes > 0)
      write(Buffer.from(`[… ${omitted.lines} lines, ${omitted.bytes} bytes left out]\n`));
    write(bytes);
  };

  return {
    append(lines) {
      if (lines.length === 0 || error !== undefined) return;
      const bytes = Buffer.from(`${lines.join("\n")}\n`);
      isHeadFull ||= written + bytes.length > headBytes;
      if (isHeadFull) hold({ bytes, lines: lines.length });
      else write(bytes);
    },
    close() {
      if (fd !== undefined) {
        flushTail();
        fs.closeSync(fd);
        fd = undefined;
      }
      return { omittedBytes: omitted.bytes, error };
    },
  };
}

/** What was written in part goes: the note may fit into its place on the full disk. */
function tellIncomplete(fd: number, written: number, error: string): void {
  try {
    fs.ftruncateSync(fd, written);
    const note = Buffer.from(`[this log is incomplete: ${error}]\n`);
    fs.writeSync(fd, note, 0, note.length, written);
  } catch {
    // Not even that.
  }
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (const byte of bytes) if (byte === 10) lines++;
  return lines;
}
