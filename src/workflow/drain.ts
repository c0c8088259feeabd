import type { Readable } from "node:stream";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";

/** Without a byte for so long, a pipe that is still open holds nothing more of the process that has ended. */
const QUIET_MS = 100;

/** A process that got away (`setsid`) and goes on writing is not listened to for longer. */
const LONGEST_MS = 2000;

/**
 * Resolves when the pipes of an ended process are at their end, or, where another process holds them open, when
 * nothing has come for a moment. They are closed then.
 */
export async function drained(pipes: readonly (Readable | null)[]): Promise<void> {
  const open = pipes.filter((pipe) => pipe !== null);
  let bytes = 0;
  const count = (chunk: Buffer) => {
    bytes += chunk.length;
  };
  for (const pipe of open) pipe.on("data", count);
  const isOver = () => open.every((pipe) => pipe.readableEnded || pipe.destroyed);
  const deadline = performance.now() + LONGEST_MS;
  let quietSince = performance.now();
  let seen = bytes;
  while (!isOver() && performance.now() < deadline) {
    if (bytes !== seen) {
      seen = bytes;
      quietSince = performance.now();
    } else if (performance.now() - quietSince >= QUIET_MS) {
      break;
    }
    await sleep(5);
    // Timers come before input in a turn: a busy process must not take what it has not looked at for silence.
    await nextTurn();
  }
  for (const pipe of open) pipe.off("data", count).destroy();
}
