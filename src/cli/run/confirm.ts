import { openSync } from "node:fs";
import { createInterface } from "node:readline";
import { isatty, ReadStream } from "node:tty";
import type { Cancellation } from "../../workflow/cancellation.ts";
import type { Stage } from "../../workflow/definition.ts";
import type { CliContext } from "../context.ts";
import { printable } from "../printable.ts";
import type { RunView } from "./plain-view.ts";

/**
 * Asks a person on the terminal to confirm an item, one at a time. Without a terminal nobody is there to ask, and the
 * answer is no: in CI a manual stage fails, unless `--yes` was given.
 */
export function createConfirm(
  isAnsweredYes: boolean,
  view: RunView,
  cancellation: Cancellation,
  { flags, output, paint }: CliContext,
): (stage: Stage, item: string) => Promise<boolean> {
  if (isAnsweredYes) return () => Promise.resolve(true);
  // With --json, standard output is one document's.
  if (flags.json || !isatty(0) || !isatty(1)) return () => Promise.resolve(false);
  let last: Promise<unknown> = Promise.resolve();
  return (stage, item) => {
    const answer = last.then(async () => {
      // It would be waiting for its turn while the run was stopped.
      if (cancellation.requested() !== undefined) return false;
      view.pause();
      try {
        output.raw(`${paint.bold(stage.id)} (${stage.persona}): ${printable(item)}\n`);
        return await askYesNo(output.raw, cancellation);
      } finally {
        view.resume();
      }
    });
    last = answer.catch(() => undefined);
    return answer;
  };
}

async function askYesNo(write: (text: string) => void, cancellation: Cancellation): Promise<boolean> {
  const input = openTerminal();
  if (input === undefined) return false;
  const lines = createInterface({ input });
  // The terminal was closed.
  input.on("error", () => lines.close());
  const forget = cancellation.onRequest(() => lines.close());
  try {
    for (;;) {
      write("  Done? [y/n] ");
      const line = await new Promise<string | undefined>((resolve) => {
        lines.once("line", resolve);
        lines.once("close", () => resolve(undefined));
      });
      if (line === undefined) return false;
      if (/^y(?:es)?$/i.test(line.trim())) return true;
      if (/^no?$/i.test(line.trim())) return false;
    }
  } finally {
    forget();
    lines.close();
    input.destroy();
  }
}

/** Not a stream of the file: that reads ahead, and takes the answer to the next question with it. */
function openTerminal(): ReadStream | undefined {
  try {
    return new ReadStream(openSync("/dev/tty", "r"));
  } catch {
    // There is a terminal, but not ours: nobody can be asked.
    return undefined;
  }
}
