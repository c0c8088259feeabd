import type { LineMasker, Masker } from "../core/mask.ts";
import { openBoundedFile } from "./bounded-file.ts";
import { createLineSplitter } from "./line-splitter.ts";
import type { OutputStream } from "./run-process.ts";

export interface StageLogOptions {
  /** The file, mode 0600; its directory is there. What was in it is replaced. */
  readonly path: string;
  readonly masker: Masker;
  /** For live output: each line, masked, without its end. */
  readonly onLine?: ((stream: OutputStream, line: string) => void) | undefined;
}

export interface StageLog {
  /** A chunk as the process wrote it. Returns when it is masked and written: that is what slows a flood down. */
  write(stream: OutputStream, chunk: Uint8Array): void;
  /** What is known so far. */
  tail(): LogTail;
  /** Ends both streams and the file. Another call tells the same. */
  close(): StageLogSummary;
}

/** The last lines, masked, each at most 2,000 characters long. */
export interface LogTail {
  readonly stderr: readonly string[];
  /** Of both streams, as they came. */
  readonly both: readonly string[];
}

export interface StageLogSummary extends LogTail {
  /** Of what is in the middle of a long output. */
  readonly omittedBytes: number;
  /** The code of the error that cut the log short, such as `ENOSPC`. */
  readonly error: string | undefined;
}

/** At most 10 MiB per stage; the note on what is left out stands in the tail's share. */
const BOUNDS = { headBytes: 8 * 1024 * 1024, tailBytes: 2 * 1024 * 1024 - 256 };

const TAIL_LINES = 20;
const TAIL_LINE_LENGTH = 2000;

/** So much is split, masked and written at a time, however big a chunk is. */
const PIECE_BYTES = 64 * 1024;

/**
 * Keeps the output of a stage: by lines, masked as whole lines, within bounds of memory and disk. It never fails
 * its stage.
 */
export function createStageLog({ path, masker, onLine }: StageLogOptions): StageLog {
  const file = openBoundedFile(path, BOUNDS);
  const both = createTail();
  const stderr = createTail();
  /** Lines of the piece that is being worked on. */
  let lines: string[] = [];
  let summary: StageLogSummary | undefined;

  const splitterOf = (stream: OutputStream, { mask }: LineMasker) =>
    createLineSplitter(mask, (line) => {
      lines.push(line);
      both.add(line);
      if (stream === "stderr") stderr.add(line);
      onLine?.(stream, line);
    });
  const splitters = {
    stdout: splitterOf("stdout", masker.lines()),
    stderr: splitterOf("stderr", masker.lines()),
  };
  const flush = () => {
    file.append(lines);
    lines = [];
  };
  const tail = (): LogTail => ({ stderr: stderr.lines(), both: both.lines() });

  return {
    tail,
    write(stream, chunk) {
      if (summary !== undefined) return;
      for (let from = 0; from < chunk.length; from += PIECE_BYTES) {
        splitters[stream].write(chunk.subarray(from, from + PIECE_BYTES));
        flush();
      }
    },
    close() {
      if (summary === undefined) {
        splitters.stdout.end();
        splitters.stderr.end();
        flush();
        summary = { ...tail(), ...file.close() };
      }
      return summary;
    },
  };
}

function createTail() {
  const ring: string[] = [];
  let count = 0;
  return {
    add(line: string) {
      ring[count % TAIL_LINES] = line;
      count++;
    },
    lines(): readonly string[] {
      const first = count % ring.length || 0;
      return [...ring.slice(first), ...ring.slice(0, first)].map((line) => line.slice(0, TAIL_LINE_LENGTH));
    },
  };
}
