import type { Readable } from "node:stream";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";

const TURN_MS = 5;

/** Without a byte for so many turns, a pipe that is still open holds nothing more of the process that has ended. */
const QUIET_TURNS = 20;

/** A process that got away (`setsid`) and goes on writing is not listened to for longer. */
const MOST_TURNS = 400;

/**
 * Resolves when the pipes of an ended process are at their end, or, where another process holds them open, when
 * nothing has come for a moment. They are closed then.
 *
 * Counts turns of the event loop, in each of which some of what is there is read, and no time: a terminal that
 * stands still must not make us lose what comes after.
 */
export async function drained(pipes: readonly (Readable | null)[]): Promise<void> {
  const open = pipes.filter((pipe) => pipe !== null);
  let hasCome = false;
  const notice = () => {
    hasCome = true;
  };
  for (const pipe of open) pipe.on("data", notice);
  const isOver = () => open.every((pipe) => pipe.readableEnded || pipe.destroyed);
  let quiet = 0;
  for (let turn = 0; turn < MOST_TURNS && quiet < QUIET_TURNS && !isOver(); turn++) {
    hasCome = false;
    await sleep(TURN_MS);
    // Timers come before input in a turn.
    await nextTurn();
    quiet = hasCome ? 0 : quiet + 1;
  }
  for (const pipe of open) pipe.off("data", notice).destroy();
}
