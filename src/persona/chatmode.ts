import { didYouMean } from "../core/did-you-mean.ts";
import type { Position } from "../core/position.ts";

/** A `*.chatmode.md` file that could be read. */
export interface Chatmode {
  /** The file's name without `.chatmode.md`. */
  readonly name: string;
  /** Absolute path as it was found, links not resolved. */
  readonly file: string;
  /** The same with links resolved: two paths to one file are one chatmode. */
  readonly realFile: string;
  /** What it declares; undefined: it has no frontmatter, so that it declares nothing. */
  readonly declares: ChatmodeDeclaration | undefined;
}

/** The fields of the frontmatter, each with where it stands. */
export interface ChatmodeDeclaration {
  /** As it is written, with or without `tta-`. */
  readonly persona?: Located<string>;
  /** Prompt-size hint in tokens, which ought to be the persona's. */
  readonly tokenBudget?: Located<number>;
  readonly viaHypertool?: boolean;
  readonly restrictedPaths?: readonly string[];
  readonly allowedServers?: readonly Located<string>[];
  readonly description?: string;
  /** Of the older files: what VS Code runs it as, such as `agent`. */
  readonly mode?: string;
  readonly model?: string;
  readonly tools?: readonly string[];
  /** Keys that look like one of ours but are none. */
  readonly misspelt: readonly (Located<string> & { readonly meant: string })[];
}

export interface Located<T> extends Position {
  readonly value: T;
}

export const CHATMODE_ENDING = ".chatmode.md";

/** Where chatmodes are kept below a project's or a package's root; the former win. */
export const CHATMODE_FOLDERS = [".tta/chatmodes", ".github/chatmodes", ".augment/chatmodes"] as const;

const MAX_LENGTH = 64;

/** Whether it can become a label value, which is as plain and as short as a persona's name. */
export function isChatmodeName(text: string): boolean {
  return text.length <= MAX_LENGTH && /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(text);
}

export type ChatmodeResolution =
  | { readonly kind: "found"; readonly chatmode: Chatmode }
  /** Packages that do not hold the working directory define it, for different personas. */
  | { readonly kind: "ambiguous"; readonly candidates: readonly Chatmode[] }
  | { readonly kind: "unknown"; readonly suggestions: readonly string[] };

/**
 * Finds a chatmode by its full name: the nearest one at or above the working directory, then any below.
 *
 * @param chatmodes the one that takes precedence first, `isAbove` telling those of a directory that holds the working directory
 */
export function resolveChatmode(
  name: string,
  chatmodes: readonly (Chatmode & { readonly isAbove: boolean })[],
): ChatmodeResolution {
  const [first, ...others] = chatmodes.filter((one) => one.name === name);
  if (first === undefined) {
    const names = new Set(chatmodes.map((one) => one.name));
    return { kind: "unknown", suggestions: didYouMean(name, names) };
  }
  const persona = (one: Chatmode) => one.declares?.persona?.value.replace(/^tta-/, "");
  if (first.isAbove || others.every((other) => persona(other) === persona(first))) {
    return { kind: "found", chatmode: first };
  }
  return { kind: "ambiguous", candidates: [first, ...others] };
}
