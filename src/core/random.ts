import fs from "node:fs";

/** One reading of the device serves all the ids that a command needs. */
const POOL_BYTES = 128;

let pool: Buffer | undefined;

/**
 * Random bytes as hex, from the kernel, at most 128 at a time. Reading the device costs a tenth of a
 * millisecond; loading `node:crypto` costs three to five, a tenth of everything a hot command may take.
 */
export function randomHex(bytes: number): string {
  const source = pool === undefined || pool.length < bytes ? readRandom(POOL_BYTES) : pool;
  pool = source.subarray(bytes);
  return source.toString("hex", 0, bytes);
}

function readRandom(bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  const fd = fs.openSync("/dev/urandom", "r");
  try {
    for (let filled = 0; filled < bytes; ) filled += fs.readSync(fd, buffer, filled, bytes - filled, null);
  } finally {
    fs.closeSync(fd);
  }
  return buffer;
}
