import { isTerminal } from "../core/output.ts";
import type { CliContext } from "./context.ts";

/** A model's answer on its way to stdout. */
export interface TextStream {
  readonly signal: AbortSignal;
  readonly abort: () => void;
  readonly write: (text: string) => void;
  /** All has come. @throws what writing threw: the call was ended then, and is written down by now. */
  readonly end: () => void;
}

/** @param isImmediate each piece at once; otherwise all at the end. With `--json` nothing is written here. */
export function streamText({ flags, output }: CliContext, isImmediate: boolean): TextStream {
  const controller = new AbortController();
  const isOnTerminal = isTerminal(1);
  const pieces: string[] = [];
  let last = "";
  let trouble: unknown;
  const put = (text: string) => {
    if (text === "" || trouble !== undefined) return;
    try {
      output.raw(isOnTerminal ? withoutControls(text) : text);
      last = text;
    } catch (error) {
      trouble = error;
      controller.abort();
    }
  };
  return {
    signal: controller.signal,
    abort: () => controller.abort(),
    write(text) {
      if (flags.json) return;
      if (isImmediate) put(text);
      else pieces.push(text);
    },
    end() {
      put(pieces.join(""));
      if (last !== "" && !last.endsWith("\n")) put("\n");
      if (trouble !== undefined) throw trouble;
    },
  };
}

/** What a model writes must not move the cursor, set the title or fill the clipboard of a terminal. */
function withoutControls(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, "");
}
