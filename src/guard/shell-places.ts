import { normalise, type PathView } from "./path-forms.ts";
import { plainWords, type ShellCommand } from "./shell-words.ts";

interface PlacedCommand {
  readonly command: ShellCommand;
  /** The directory that it begins in, absolute. */
  readonly here: string;
  /** Whether that is so for sure: no `cd` before it went nobody knows where. */
  readonly isKnown: boolean;
  /** Where it goes itself. */
  readonly goneTo: string | undefined;
}

/** Where each command of a line is, by `cd` before it. */
export function* placedCommands(
  commands: readonly ShellCommand[],
  view: Pick<PathView, "cwd" | "userHome">,
): Generator<PlacedCommand> {
  /** By how many parentheses there are around: what is gone to within them ends with them. */
  let places: readonly string[] = [view.cwd];
  let isKnown = true;
  for (const command of commands) {
    places = placesAt(command.depth, places);
    const here = places[command.depth] ?? view.cwd;
    const [program = "", ...words] = plainWords(command).map(({ text }) => text);
    const goneTo = destination(program, words, here, view);
    yield { command, here, isKnown, goneTo };
    if (!/^(?:cd|pushd|popd)$/.test(program)) continue;
    if (goneTo === undefined) isKnown = false;
    else places = [...places.slice(0, command.depth), goneTo];
  }
}

function placesAt(depth: number, places: readonly string[]): readonly string[] {
  const next = places.slice(0, depth + 1);
  while (next.length <= depth) next.push(next.at(-1) ?? "");
  return next;
}

/** Where `cd`, or the option `-C` of git, make and tar, goes; undefined where it does not, or nobody can tell. */
function destination(
  program: string,
  words: readonly string[],
  here: string,
  { cwd, userHome = "" }: Pick<PathView, "cwd" | "userHome">,
): string | undefined {
  const option = words.indexOf("-C");
  const given = /^(?:cd|pushd)$/.test(program)
    ? (words.find((text) => text === "-" || !text.startsWith("-")) ?? "~")
    : option === -1
      ? undefined
      : words[option + 1];
  if (given === undefined || given === "-") return undefined;
  const text = given
    .replace(/^(?:~|\$HOME|\$\{HOME\})(?=\/|$)/, () => userHome)
    .replace(/^(?:\$PWD|\$\{PWD\})(?=\/|$)/, () => here)
    .replace(/^(?:\$CLAUDE_PROJECT_DIR|\$\{CLAUDE_PROJECT_DIR\})(?=\/|$)/, () => cwd);
  return /[$`]/.test(text) ? undefined : normalise(text.startsWith("/") ? text : `${here}/${text}`);
}
