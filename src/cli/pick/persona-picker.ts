import {
  createPrompt,
  isDownKey,
  isEnterKey,
  isTabKey,
  isUpKey,
  useKeypress,
  useState,
} from "@inquirer/core";
import type { Paint } from "../../core/output.ts";
import type { OpenTerminal } from "../ask.ts";
import { type Choice, choiceOfDigit, filterChoices, frameLines } from "./frame.ts";

interface PickerConfig {
  readonly choices: readonly Choice[];
  readonly output: OpenTerminal["output"];
  readonly paint: Paint;
}

const prompt = createPrompt<Choice | undefined, PickerConfig>(({ choices, output, paint }, done) => {
  const [typed, setTyped] = useState("");
  const [cursor, setCursor] = useState(0);
  const shown = filterChoices(choices, typed);
  const move = (by: number) => {
    if (shown.length > 0) setCursor((cursor + by + shown.length) % shown.length);
  };
  useKeypress((key, line) => {
    const keep = () => {
      line.clearLine(0);
      line.write(typed);
    };
    if (key.name === "escape" || (key.ctrl && key.name === "d")) done(undefined);
    else if (isEnterKey(key)) {
      const choice = shown[cursor];
      if (choice === undefined) keep();
      else done(choice);
    } else if (isUpKey(key)) move(-1);
    else if (isDownKey(key)) move(1);
    else if (isTabKey(key)) {
      keep();
      move(key.shift ? -1 : 1);
    } else {
      const choice = typed === "" ? choiceOfDigit(shown, key.name ?? "") : undefined;
      if (choice !== undefined) done(choice);
      else if (line.line !== typed) {
        setTyped(line.line);
        setCursor(0);
      }
    }
  });
  // Some terminals do not say how large they are.
  const terminal = { columns: output.columns || 80, rows: output.rows || 24 };
  return [`Persona: ${typed}`, frameLines(shown, cursor, terminal, paint).join("\n")];
});

/** Lets a person choose, and leaves nothing of it on the screen. @returns undefined when they left. */
export async function choosePersona(
  choices: readonly Choice[],
  { input, output }: OpenTerminal,
  paint: Paint,
): Promise<Choice | undefined> {
  const leaving = new AbortController();
  const leave = () => leaving.abort();
  const onKey = (_: unknown, key: { readonly ctrl?: boolean; readonly name?: string } | undefined) => {
    // Ctrl-D closes the line before the prompt hears of it.
    if (key?.ctrl === true && key.name === "d") leave();
  };
  input.on("keypress", onKey);
  // The terminal was closed.
  input.once("end", leave).once("error", leave);
  try {
    return await prompt(
      { choices, output, paint },
      { input, output, clearPromptOnDone: true, signal: leaving.signal },
    );
  } catch (error) {
    if (error instanceof Error && /^(?:Exit|Cancel|Abort)PromptError$/.test(error.name)) return undefined;
    throw error;
  } finally {
    input.off("keypress", onKey);
  }
}
