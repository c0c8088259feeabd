export interface ShellWord {
  /** Quotes and backslashes taken out. */
  readonly text: string;
  /** It was quoted, with blanks, quotes or parentheses in it: a message or another language rather than a path. */
  readonly isProse: boolean;
  /** `input` and `output`: what a redirection names; `document`: the text of a here-document. */
  readonly kind: "word" | "input" | "output" | "document";
  /** A substitution in it would be worked out although it is quoted. */
  readonly isExpanded: boolean;
}

/** What stands between two operators such as `;` and `|`. */
export interface ShellCommand {
  readonly words: readonly ShellWord[];
  /** Another command's output is its input, or stands among its words. */
  readonly isFed: boolean;
  /** How many parentheses it stands in, up to a bound that nobody reaches. */
  readonly depth: number;
}

/** Those that are neither of a redirection nor a here-document. */
export function plainWords({ words }: ShellCommand): readonly ShellWord[] {
  return words.filter(({ kind }) => kind === "word");
}

const KEYWORDS = new Set("if then else elif while until do ! {".split(" "));

/** Whether a word that stands first is no part of the command: an assignment or a keyword. */
export function standsBefore({ text }: ShellWord): boolean {
  return /^\w+\+?=/.test(text) || KEYWORDS.has(text);
}

/** Whether a program runs a text that it is given as a script. */
export const isShell = (name: string): boolean => /^(?:ba|z|da|k|fi)?sh$/.test(name);

/** A program's name, without its directory. */
export function programName(word: ShellWord | undefined): string {
  const text = word?.text ?? "";
  return text.slice(text.lastIndexOf("/") + 1);
}

/** Whether what a substitution in it comes to is worked out, where it is quoted or a here-document. */
export function hasSubstitution({ text, isExpanded }: ShellWord): boolean {
  return isExpanded && /\$\(|`/.test(text);
}

/** After so many here-documents without an end, each of which took the whole text to find out, there are none. */
const MAX_UNENDED = 16;

const MAX_DEPTH = 50;

/** Of a script within a script. */
const MAX_SCRIPTS = 8;

interface HereDocument {
  readonly delimiter: string;
  readonly isQuoted: boolean;
  readonly isIndented: boolean;
  readonly words: ShellWord[];
}

/**
 * The commands in the text of a shell command, for looking at them, never for running them. No variables,
 * substitutions or aliases are worked out.
 */
export function shellCommands(command: string): readonly ShellCommand[] {
  let current = { words: [] as ShellWord[], isFed: false, depth: 0 };
  const commands = [current];
  let documents: HereDocument[] = [];
  let unended = 0;
  let text = "";
  let isWord = false;
  /** A `$` came before the quote: bash reads escapes in it. */
  let isAnsi = false;
  let isProse = false;
  let isExpanded = false;
  let kind: ShellWord["kind"] = "word";
  const end = () => {
    if (isWord) {
      current.words.push({ text, isProse, kind, isExpanded });
      kind = "word";
    }
    text = "";
    isWord = false;
    isProse = false;
    isExpanded = false;
  };
  const begin = (isFed: boolean, depth: number) => {
    kind = "word";
    current = { words: [], isFed, depth: Math.min(Math.max(depth, 0), MAX_DEPTH) };
    commands.push(current);
  };
  for (let at = 0; at < command.length; at++) {
    const character = command[at] ?? "";
    const next = command[at + 1];
    if (character === "\\") {
      at += 1;
      // A backslash before the end of a line joins the two.
      if (command[at] !== "\n") text += command[at] ?? "";
      isWord = true;
    } else if (character === "$" && (next === "'" || next === '"')) {
      isAnsi = next === "'";
    } else if (character === "'" || character === '"') {
      const close = closing(command, at, isAnsi);
      const inside = command.slice(at + 1, close);
      if (isAnsi) text += decodeAnsi(inside);
      else text += character === '"' ? inside.replace(/\\(["\\$`])/g, "$1") : inside;
      isAnsi = false;
      isWord = true;
      isProse ||= /[\s()'"]/.test(inside);
      isExpanded ||= character === '"';
      at = close;
    } else if (character === "<" || character === ">") {
      // The number, or name, of a descriptor belongs to the redirection.
      if (/^(?:\d+|\{\w+\})$/.test(text)) isWord = false;
      end();
      const [operator = ""] = /^(?:<<-?(?!<)|<<<|<>|>[>|&]|<&|[<>])/.exec(command.slice(at, at + 3)) ?? [];
      at += operator.length - 1;
      if (operator === "<<" || operator === "<<-") {
        const found = hereDocument(command, at + 1);
        if (found.delimiter !== "" && unended < MAX_UNENDED)
          documents.push({ ...found, isIndented: operator === "<<-", words: current.words });
        at = found.end - 1;
      } else if (operator === "<<<") current.isFed = true;
      else kind = operator.startsWith("<") && operator !== "<>" ? "input" : "output";
    } else if (/[\s;|&()`]/.test(character)) {
      const opens = character === "(" && (text.endsWith("$") || /[<>]/.test(command[at - 1] ?? ""));
      end();
      if (opens || character === "`") current.isFed = true;
      if (character === "\n") {
        for (const document of documents) {
          const ended = readDocument(command, at, document);
          if (ended === at) unended += 1;
          at = ended;
        }
        documents = [];
      }
      const isPipe = character === "|" && next !== "|" && command[at - 1] !== "|";
      const depth = character === "(" ? current.depth + 1 : current.depth - (character === ")" ? 1 : 0);
      if (/[\n;|&()`]/.test(character)) begin(isPipe, depth);
      if (isPipe && next === "&") at += 1;
    } else {
      text += character;
      isWord = true;
    }
  }
  end();
  return commands.filter(({ words }) => words.length > 0);
}

const RUNNER = /^(?:sudo|env|exec|command|nice|nohup|time)$/;

/** With those in a text that a shell is to run, `bash -c "…"`, which are as if in parentheses. */
export function allShellCommands(command: string, depth = 0): readonly ShellCommand[] {
  return shellCommands(command).flatMap((outer) => {
    const words = plainWords(outer);
    const option = words.findIndex(({ text }) => /^-\w*c$/.test(text));
    const script = words[option + 1];
    // Behind any other program, such as docker, it may run elsewhere.
    const program = words.find((word) => !RUNNER.test(programName(word)));
    const isRun = option !== -1 && isShell(programName(program));
    if (!isRun || script === undefined || depth >= MAX_SCRIPTS) return [outer];
    const inner = allShellCommands(script.text, depth + 1);
    return [
      outer,
      ...inner.map((one) => ({ ...one, depth: Math.min(outer.depth + 1 + one.depth, MAX_DEPTH) })),
    ];
  });
}

/** The word that a here-document ends with, which begins at a place or behind blanks. */
function hereDocument(command: string, from: number) {
  const [given = ""] =
    /^[ \t]*(?:\\.|'[^'\n]*'|"[^"\n]*"|[^\s;|&<>()])*/.exec(command.slice(from, from + 200)) ?? [];
  const delimiter = given.trim().replace(/["'\\]/g, "");
  return { delimiter, isQuoted: /["'\\]/.test(given), end: from + given.length };
}

/**
 * @param at of the end of the line before it
 * @returns where its last line ends; `at` where nothing ends it, and it may be none.
 */
function readDocument(command: string, at: number, document: HereDocument): number {
  const { delimiter, isIndented, isQuoted, words } = document;
  for (let begin = at + 1; begin <= command.length; ) {
    const newLine = command.indexOf("\n", begin);
    const end = newLine === -1 ? command.length : newLine;
    const line = command.slice(begin, end);
    if ((isIndented ? line.replace(/^\t+/, "") : line) === delimiter) {
      const text = command.slice(at + 1, begin);
      words.push({ text, isProse: true, kind: "document", isExpanded: !isQuoted });
      return end;
    }
    begin = end + 1;
  }
  return at;
}

/** Where the quotation that begins at a place ends; the end of the text where it does not. */
function closing(command: string, from: number, isAnsi: boolean): number {
  const quote = command[from];
  for (let at = from + 1; at < command.length; at++) {
    if (command[at] === "\\" && (isAnsi || quote === '"')) at += 1;
    else if (command[at] === quote) return at;
    else if (quote === '"' && command.startsWith("$(cat <<", at)) at = behindDocument(command, at);
  }
  return command.length;
}

/** Agents hand a long message over as `"$(cat <<'EOF' … EOF)"`; quotes in it are part of the message. */
function behindDocument(command: string, from: number): number {
  const begin = command.indexOf("\n", from);
  const { delimiter } = hereDocument(command, from + "$(cat <<".length);
  const end = begin === -1 || delimiter === "" ? -1 : command.indexOf(`\n${delimiter}\n`, begin);
  return end === -1 ? from : end + delimiter.length;
}

const CONTROLS: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/** `\x2e`, `\056`, `\u002e`, `\n`; of every other escape, what stands behind the backslash. */
function decodeAnsi(text: string): string {
  return text.replace(
    /\\(?:x([0-9a-f]{1,2})|u([0-9a-f]{1,4})|([0-7]{1,3})|(.))/gis,
    (_, hex: string | undefined, unicode: string | undefined, octal: string | undefined, other: string) => {
      const digits = hex ?? unicode;
      if (digits !== undefined) return String.fromCharCode(Number.parseInt(digits, 16));
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
      return CONTROLS[other ?? ""] ?? other ?? "";
    },
  );
}
