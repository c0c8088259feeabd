export interface ShellWord {
  /** Quotes and backslashes taken out. */
  readonly text: string;
  /** It was quoted, with blanks, quotes or parentheses in it: a message or another language rather than a path. */
  readonly isProse: boolean;
  /** It is the first word of a command. */
  readonly begins: boolean;
}

/**
 * The words of a shell command, for looking at them, never for running them. No variables, substitutions or aliases
 * are worked out; what follows `<<` is taken for text.
 */
export function shellWords(command: string): readonly ShellWord[] {
  const words: ShellWord[] = [];
  let text = "";
  let isWord = false;
  /** A `$` came before the quote: bash reads escapes in it. */
  let isAnsi = false;
  let isProse = false;
  let begins = true;
  const end = () => {
    if (isWord) {
      words.push({ text, isProse, begins });
      begins = false;
    }
    text = "";
    isWord = false;
    isProse = false;
  };
  for (let at = 0; at < command.length; at++) {
    const character = command[at] ?? "";
    if (character === "<" && command[at + 1] === "<" && command[at + 2] !== "<") {
      end();
      words.push({ text: command.slice(at + 2), isProse: true, begins });
      return words;
    }
    if (character === "\\") {
      at += 1;
      // A backslash before the end of a line joins the two.
      if (command[at] !== "\n") text += command[at] ?? "";
      isWord = true;
    } else if (character === "$" && /^['"]/.test(command.slice(at + 1, at + 2))) {
      isAnsi = command[at + 1] === "'";
    } else if (character === "'" || character === '"') {
      const close = closing(command, at, isAnsi);
      const inside = command.slice(at + 1, close);
      if (isAnsi) text += decodeAnsi(inside);
      else text += character === '"' ? inside.replace(/\\(["\\$`])/g, "$1") : inside;
      isAnsi = false;
      isWord = true;
      isProse ||= /[\s()'"]/.test(inside);
      at = close;
    } else if (/[\s;|&<>()`]/.test(character)) {
      end();
      begins ||= /[\n;|&()`]/.test(character);
    } else {
      text += character;
      isWord = true;
    }
  }
  end();
  return words;
}

/** Where the quotation that begins at a place ends; the end of the text where it does not. */
function closing(command: string, from: number, isAnsi: boolean): number {
  const quote = command[from];
  for (let at = from + 1; at < command.length; at++) {
    if (command[at] === "\\" && (isAnsi || quote === '"')) at += 1;
    else if (command[at] === quote) return at;
  }
  return command.length;
}

/** `\x2e`, `\056`, `\u002e`; of every other escape, what stands behind the backslash. */
function decodeAnsi(text: string): string {
  return text.replace(
    /\\(?:x([0-9a-f]{1,2})|u([0-9a-f]{1,4})|([0-7]{1,3})|(.))/gis,
    (_, hex: string | undefined, unicode: string | undefined, octal: string | undefined, other: string) => {
      const digits = hex ?? unicode;
      if (digits !== undefined) return String.fromCharCode(Number.parseInt(digits, 16));
      return octal === undefined ? other : String.fromCharCode(Number.parseInt(octal, 8));
    },
  );
}
