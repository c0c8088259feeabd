import { openSync } from "node:fs";
import { createInterface, type Interface } from "node:readline";
import { isatty, ReadStream, WriteStream } from "node:tty";

/** A person at a terminal. */
export interface Asker {
  /** The answer, trimmed, or what was given in advance when it is empty. Undefined: they left. */
  ask(question: string, byDefault?: string): Promise<string | undefined>;
  close(): void;
}

/** The terminal that a person sits at. */
export interface OpenTerminal {
  readonly input: ReadStream;
  readonly output: WriteStream;
  close(): void;
}

/** Undefined where nobody is there to be asked: standard input or output is no terminal. */
export function openTerminal(): OpenTerminal | undefined {
  if (!isatty(0) || !isatty(1)) return undefined;
  try {
    const input = new ReadStream(openSync("/dev/tty", "r"));
    const output = new WriteStream(openSync("/dev/tty", "w"));
    const close = () => {
      input.destroy();
      output.destroy();
    };
    return { input, output, close };
  } catch {
    // There is a terminal, but not ours.
    return undefined;
  }
}

/** Undefined where nobody is there to be asked. */
export function openAsker(): Asker | undefined {
  const terminal = openTerminal();
  if (terminal === undefined) return undefined;
  const { input, output } = terminal;
  const lines: Interface = createInterface({ input, output, terminal: true });
  let hasLeft = false;
  // Typed or pasted ahead, before the next question was put.
  const ahead: string[] = [];
  let waiting: ((line: string | undefined) => void) | undefined;
  lines.on("line", (line) => {
    if (waiting === undefined) ahead.push(line);
    else waiting(line);
  });
  lines.on("close", () => {
    hasLeft = true;
    waiting?.(undefined);
  });
  // Ctrl-C: nothing has begun that would have to be ended.
  lines.on("SIGINT", () => lines.close());
  input.on("error", () => lines.close());
  return {
    async ask(question, byDefault) {
      if (hasLeft) return undefined;
      lines.setPrompt(`${question}${byDefault === undefined ? "" : ` (${byDefault})`}: `);
      lines.prompt();
      const line =
        ahead.shift() ??
        (await new Promise<string | undefined>((resolve) => {
          waiting = resolve;
        }));
      waiting = undefined;
      if (line === undefined) output.write("\n");
      return line === undefined ? undefined : line.trim() || (byDefault ?? "");
    },
    close() {
      lines.close();
      terminal.close();
    },
  };
}
