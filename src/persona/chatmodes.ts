import { compareText } from "../core/definitions.ts";
import { type Finding, finding } from "../core/finding.ts";
import { type Chatmode, isChatmodeName } from "./chatmode.ts";
import { readChatmode } from "./chatmode-file.ts";
import { findChatmodes } from "./find-chatmodes.ts";

export interface ChatmodeEntry extends Chatmode {
  /** Whether the directory that holds its chatmode folder is the working directory or one above it. */
  readonly isAbove: boolean;
  /** The file of the same name that goes before this one. */
  readonly shadowedBy: string | undefined;
}

export interface ChatmodeCatalogue {
  /** The one that takes precedence first among those of one name; by name otherwise. */
  readonly chatmodes: readonly ChatmodeEntry[];
  /** What is wrong with files and folders themselves; what they say is for `check-chatmodes.ts`. */
  readonly findings: readonly Finding[];
}

/**
 * Reads the chatmodes of the project that holds the working directory. Of equal names the nearest above the working
 * directory goes first, then those of other packages by their path; within one place the order of the folders counts.
 */
export function loadChatmodes(cwd: string): ChatmodeCatalogue {
  const found = findChatmodes(cwd);
  const findings: Finding[] = [...found.findings];
  const read: (Chatmode & { readonly isAbove: boolean; readonly owner: string; readonly order: number })[] =
    [];
  for (const [order, { file, owner }] of found.files.entries()) {
    const chatmode = readChatmode(file);
    if (!chatmode.ok) findings.push(...chatmode.error);
    else read.push({ ...chatmode.value, owner, order, isAbove: `${cwd}/`.startsWith(`${owner}/`) });
  }
  // Paths above a directory differ in their length; the order in which they were found is that of the folders.
  const distance = ({ isAbove, owner }: (typeof read)[number]) => (isAbove ? -owner.length : 1);
  read.sort((a, b) => compareText(a.name, b.name) || distance(a) - distance(b) || a.order - b.order);

  const first = new Map<string, Chatmode>();
  const chatmodes = read.map(({ owner: _owner, order: _order, ...chatmode }): ChatmodeEntry => {
    const before = first.get(chatmode.name);
    if (before === undefined) first.set(chatmode.name, chatmode);
    // Another path to the same file is no other chatmode.
    const isSame = before === undefined || before.realFile === chatmode.realFile;
    return { ...chatmode, shadowedBy: isSame ? undefined : before.file };
  });
  for (const { name, file } of chatmodes) {
    if (isChatmodeName(name)) continue;
    const message = `${JSON.stringify(name)} is not in kebab-case, so that it cannot be switched to`;
    findings.push(finding("chatmode-invalid-name", { file }, message, "Rename it, such as test-driven."));
  }
  return { chatmodes, findings };
}
