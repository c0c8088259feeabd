import { once } from "node:events";
import fs from "node:fs";
import { createInterface } from "node:readline";
import { ReadStream } from "node:tty";
import { isTerminal } from "../../core/output.ts";
import type { Cancellation } from "../../workflow/cancellation.ts";
import type { Stage } from "../../workflow/definition.ts";
import type { Confirmation } from "../../workflow/engine-context.ts";
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
  { output, paint }: CliContext,
): (stage: Stage, item: string) => Promise<Confirmation> {
  if (isAnsweredYes) return () => Promise.resolve("yes");
  if (!isTerminal(0) || !isTerminal(1)) return () => Promise.resolve("nobody");
  let last: Promise<unknown> = Promise.resolve();
  const typedAhead: string[] = [];
  return (stage, item) => {
    const answer = last.then(async () => {
      view.pause();
      try {
        output.raw(`${paint.bold(stage.id)} (${stage.persona}): ${printable(item)}\n`);
        return await askYesNo(output.raw, typedAhead, cancellation);
      } finally {
        view.resume();
      }
    });
    last = answer;
    return answer;
  };
}

async function askYesNo(
  write: (text: string) => void,
  typedAhead: string[],
  cancellation: Cancellation,
): Promise<Confirmation> {
  // Not a stream of a file: its read that is under way when it is closed would take the next answer along.
  const input = new ReadStream(fs.openSync("/dev/tty", "r"));
  const lines = createInterface({ input });
  lines.on("line", (line) => typedAhead.push(line));
  const forget = cancellation.onRequest(() => lines.close());
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
    lines.close();
    input.destroy();
  }
}
