import { once } from "node:events";
import { openSync } from "node:fs";
import { createInterface } from "node:readline";
import { isatty, ReadStream } from "node:tty";
import type { Cancellation } from "../../workflow/cancellation.ts";
import type { Confirmation, EngineContext } from "../../workflow/engine-context.ts";
import type { CliContext } from "../context.ts";
import { printable } from "../printable.ts";
import type { RunView } from "./plain-view.ts";

/**
 * Asks a person on the terminal to confirm an item, one at a time. Without a terminal nobody is there to ask, and the
 * answer is that: in CI a manual stage fails, unless `--yes` was given.
 */
export function createConfirm(
  isAnsweredYes: boolean,
  view: RunView,
  cancellation: Cancellation,
  { flags, output, paint }: CliContext,
): EngineContext["confirm"] {
  if (isAnsweredYes) return () => Promise.resolve("yes");
  // With --json, standard output is one document's.
  if (flags.json || !isatty(0) || !isatty(1)) return () => Promise.resolve("nobody");
  let last: Promise<unknown> = Promise.resolve();
  const typedAhead: string[] = [];
  return (stage, item, deadline) => {
    const answer = last.then(async () => {
      // It was waiting for its turn while the run was stopped, or its time ran out.
      if (cancellation.requested() !== undefined || deadline.aborted) return "no";
      view.pause();
      try {
        output.raw(`${paint.bold(stage.id)} (${stage.persona}): ${printable(item)}\n`);
        return await askYesNo(output.raw, typedAhead, cancellation, deadline);
      } finally {
        view.resume();
      }
    });
    last = answer.catch(() => undefined);
    return answer;
  };
}

async function askYesNo(
  write: (text: string) => void,
  typedAhead: string[],
  cancellation: Cancellation,
  deadline: AbortSignal,
): Promise<Confirmation> {
  const input = openTerminal();
  if (input === undefined) return "nobody";
  const lines = createInterface({ input });
  // The terminal was closed.
  input.on("error", () => lines.close());
  lines.on("line", (line) => typedAhead.push(line));
  const forget = cancellation.onRequest(() => lines.close());
  const end = () => {
    write("\n");
    lines.close();
  };
  deadline.addEventListener("abort", end);
  try {
    for (;;) {
      write("  Done? [y/n] ");
      if (typedAhead.length === 0) await Promise.race([once(lines, "line"), once(lines, "close")]);
      const line = typedAhead.shift();
      if (line === undefined) return "no";
      if (/^y(?:es)?$/i.test(line.trim())) return "yes";
      if (/^no?$/i.test(line.trim())) return "no";
    }
  } finally {
    forget();
    deadline.removeEventListener("abort", end);
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
