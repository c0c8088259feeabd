import { commandNames } from "../core/command-names.ts";
import { READERS, READERS_OF_GIT } from "./changeable.ts";
import {
  isShell,
  plainWords,
  programName,
  type ShellCommand,
  type ShellWord,
  shellCommands,
  standsBefore,
} from "./shell-words.ts";

const PROGRAM = /(?:^|\/)tta-persona(?:\.cjs|@[\w.^~-]+)?$/i;

/** Commands of ours that change who is active or what a persona may do; of those with a list, these alone. */
const CHANGING: ReadonlyMap<string, readonly string[] | undefined> = new Map([
  ["switch", undefined],
  ["pick", undefined],
  ["end", undefined],
  ["undo", undefined],
  ["trust", undefined],
  ["init", undefined],
  ["migrate", undefined],
  ["guard", ["install", "uninstall"]],
  ["config", ["set", "unset"]],
  ["budget", ["set", "reset"]],
  ["persona", ["create", "import"]],
]);

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

/** What runs the command that follows it. */
const RUNNERS = words(
  "npx bunx pnpx npm pnpm yarn bun node deno env sudo doas exec command builtin time timeout nice nohup setsid stdbuf xargs",
);

const PACKAGE_MANAGERS = words("npm pnpm yarn bun");
/** What follows these is the name of a package. */
const PACKAGE_VERBS = words(
  "add ci create docs i info install link list ls outdated rm remove show un uninstall up update upgrade view why",
);
const RUN_VERBS = words("exec x dlx run run-script");

/** To these a word is a name or a text: they run none of it, as what only looks at files, but may change them. */
const TEXT_ONLY = new Set([
  ...READERS,
  ...words("ag ack gh tee sort uniq tr cp mv rm mkdir touch ln pushd which type man apply_patch applypatch"),
]);
const TEXT_ONLY_OF_GIT = new Set([
  ...READERS_OF_GIT,
  ...words("add branch checkout commit describe grep merge mv notes restore rm stash tag"),
]);

/** What they are given as text is a command, as with a shell. */
const SHELL_LIKE = words("ssh su eval");

/** They say who is active, for a command or for all that follow. */
const VARIABLE = /^(?:-u|--unset=)?(TTA_PERSONA(?:_HOME|_SHELL)?)(?:\+?=|$)/;
const SETTERS = words("export declare typeset readonly local unset set setenv");

/** Nobody writes a longer one by hand. */
const MAX_LENGTH = 200_000;
/** Of a command within a text within a command. */
const MAX_DEPTH = 8;

/**
 * What in a shell command would change who is active or what a persona may do: a command of this program, such as
 * `tta-persona switch`, or one of its variables; undefined: there is none. In a text that may be another language only
 * what is called by its name is found.
 */
export function ownCommand(command: string, depth = 0): string | undefined {
  if (command.length > MAX_LENGTH || depth > MAX_DEPTH)
    return command.includes("tta-persona") ? "tta-persona in a long command" : undefined;
  const commands = shellCommands(command).map(partsOf);
  // What is printed may be run by who gets it.
  const mayRunText = commands.some(({ isFed, isTextOnly }) => isFed && !isTextOnly);
  for (const parts of commands) {
    const found = variable(parts) ?? inCommand(parts, parts.isTextOnly && !mayRunText, depth);
    if (found !== undefined) return found;
  }
  return undefined;
}

interface CommandParts {
  readonly words: readonly ShellWord[];
  readonly isFed: boolean;
  /** How many assignments and keywords come first. */
  readonly start: number;
  /** The program's name, without its directory. */
  readonly head: string;
  readonly isTextOnly: boolean;
}

function partsOf(command: ShellCommand): CommandParts {
  const { words, isFed } = command;
  const plain = plainWords(command);
  const first = plain.findIndex((word) => !standsBefore(word));
  const start = first === -1 ? plain.length : first;
  const head = programName(plain[start]);
  const verb = plain.find(({ text }, at) => at > start && !text.startsWith("-"))?.text ?? "";
  const isTextOnly = head === "git" ? TEXT_ONLY_OF_GIT.has(verb) : TEXT_ONLY.has(head);
  const documents = words.filter(({ kind }) => kind === "document");
  return { words: [...plain, ...documents], isFed, start, head, isTextOnly };
}

function variable({ words, start, head }: CommandParts): string | undefined {
  const isSetter = SETTERS.has(head);
  for (const [at, { text, kind }] of words.entries()) {
    if (kind !== "word" || !(at < start || isSetter || RUNNERS.has(head))) continue;
    const name = VARIABLE.exec(text)?.[1];
    // Without a value it is one only for those that take it away or have the value apart.
    if (name !== undefined && (/=/.test(text) || /^(?:unset|set|setenv|env)$/.test(head))) return name;
  }
  return undefined;
}

function inCommand(parts: CommandParts, isText: boolean, depth: number): string | undefined {
  const takesScripts = isShell(parts.head) || SHELL_LIKE.has(parts.head);
  for (const [at, word] of parts.words.entries()) {
    const isShells = takesScripts || /^-\w*c$/.test(parts.words[at - 1]?.text ?? "");
    const found = word.isProse
      ? isText
        ? inSubstitution(word, depth)
        : inText(word.text, isShells, depth)
      : isText
        ? undefined
        : inWords(parts, at);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `"… $(tta-persona end)"` */
function inSubstitution({ text, isExpanded }: ShellWord, depth: number): string | undefined {
  const begin = isExpanded ? /\$\(|`/.exec(text) : null;
  return begin === null ? undefined : ownCommand(text.slice(begin.index + begin[0].length), depth + 1);
}

function inText(text: string, isShells: boolean, depth: number): string | undefined {
  if (isShells) return ownCommand(text, depth + 1);
  const parts = text.split(/[^\p{L}\p{N}_./@-]+/u).filter(Boolean);
  for (const [at, part] of parts.entries()) {
    const found = PROGRAM.test(part) ? changing(parts.slice(at + 1, at + 4), false) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function inWords({ words, start, head }: CommandParts, at: number): string | undefined {
  if (!PROGRAM.test(words[at]?.text ?? "")) return undefined;
  const before = words.slice(start + 1, at).map(({ text }) => text);
  const isPackage =
    before.some((text) => PACKAGE_VERBS.has(text)) && !before.some((text) => RUN_VERBS.has(text));
  if (PACKAGE_MANAGERS.has(head) && isPackage) return undefined;
  const rest = words.slice(at + 1).flatMap(({ text, kind }) => (kind === "word" ? [text] : []));
  return changing(rest, at <= start || RUNNERS.has(head));
}

/** @param isRun whether a word that is none of our commands is a persona to switch to. */
function changing(words: readonly string[], isRun: boolean): string | undefined {
  const [first, second = ""] = words.filter((word) => word === "-" || !word.startsWith("-"));
  if (first === undefined) return undefined;
  if (!CHANGING.has(first)) return isRun && !commandNames.includes(first) ? "tta-persona switch" : undefined;
  const only = CHANGING.get(first);
  if (only === undefined) return `tta-persona ${first}`;
  return only.includes(second) ? `tta-persona ${first} ${second}` : undefined;
}
