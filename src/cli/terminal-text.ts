/**
 * What a program has printed, fit to be shown: of the sequences that a terminal takes for commands only colours stay,
 * and those where they are wanted. Titles, the clipboard, the cursor and what is on the screen already are not a
 * log's to change.
 */
export function terminalText(text: string, hasColor: boolean): string {
  let isColored = false;
  const shown = text.replace(ESCAPES, (sequence) => {
    if (!hasColor || !COLOR.test(sequence)) return "";
    isColored = true;
    return sequence;
  });
  return isColored ? `${shown}${RESET}` : shown;
}

const RESET = "\u001b[0m";

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const COLOR = /^\x1b\[[0-9;:]*m$/;

/**
 * As ECMA-48 has them: control sequences; strings (such as titles) to their end, at the latest that of the line; other
 * sequences. Also what is left of one that was cut off, and controls that are no blanks; those of 8 bits as well.
 */
const ESCAPES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\n\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|\x1b[ -/]*[0-~]|[\0-\x08\x0b-\x1f\x7f-\x9f]/g;
