import {
  applyEdits,
  type FormattingOptions,
  modify,
  type ParseError,
  parse,
  printParseErrorCode,
} from "jsonc-parser";
import { err, ok, type Result } from "../core/result.ts";
import { isRecord } from "./request.ts";

/** What Claude Code is told to run before every tool. */
export const HOOK_COMMAND = "tta-persona guard";

/** Seconds; Claude Code goes on without the hook after it. */
const TIMEOUT_SECONDS = 10;

/** Whoever installed it, and with whatever path. */
const OWN = /(?:^|[/\s"'])tta-persona(?:\.cjs)?["']?\s+guard(?:\s|$)/;

export interface HookEdit {
  readonly text: string;
  readonly changed: boolean;
}

export interface HookProblem {
  /** UTF-16 units into the text. */
  readonly offset: number;
  readonly message: string;
}

/** Adds the guard's hook to the text of a `.claude/settings.json`; everything else in it stays as it is. */
export function addHook(text: string): Result<HookEdit, HookProblem> {
  const groups = readGroups(text);
  if (!groups.ok) return groups;
  if (groups.value.some(({ commands }) => commands.some((command) => OWN.test(command)))) {
    return ok({ text, changed: false });
  }
  const group = {
    matcher: "*",
    hooks: [{ type: "command", command: HOOK_COMMAND, timeout: TIMEOUT_SECONDS }],
  };
  const path = groups.value.length === 0 ? [...PLACE] : [...PLACE, groups.value.length];
  const value = groups.value.length === 0 ? [group] : group;
  const edits = modify(text, path, value, {
    formattingOptions: formatOf(text),
    isArrayInsertion: groups.value.length > 0,
  });
  return ok({ text: applyEdits(text, edits), changed: true });
}

/** Takes the guard's hook out again, with what was there for its sake alone. */
export function removeHook(text: string): Result<HookEdit, HookProblem> {
  const groups = readGroups(text);
  if (!groups.ok) return groups;
  let next = text;
  const remove = (path: (string | number)[]) => {
    next = applyEdits(next, modify(next, path, undefined, { formattingOptions: formatOf(text) }));
  };
  const left = groups.value.filter(
    ({ commands }) => !commands.every((command) => OWN.test(command)) || commands.length === 0,
  );
  for (const [index, { commands }] of [...groups.value.entries()].reverse()) {
    if (!commands.some((command) => OWN.test(command))) continue;
    if (commands.every((command) => OWN.test(command))) {
      if (left.length > 0) remove([...PLACE, index]);
      continue;
    }
    for (const [at, command] of [...commands.entries()].reverse()) {
      if (OWN.test(command)) remove([...PLACE, index, "hooks", at]);
    }
  }
  if (left.length === 0 && groups.value.length > 0) {
    remove([...PLACE]);
    const hooks: unknown = (parse(next, [], JSONC) as { hooks?: unknown } | undefined)?.hooks;
    if (isRecord(hooks) && Object.keys(hooks).length === 0) remove(["hooks"]);
  }
  return ok({ text: next, changed: next !== text });
}

const PLACE = ["hooks", "PreToolUse"] as const;

const JSONC = { allowTrailingComma: true };

interface HookGroup {
  /** Of its hooks, in order; empty text for one that runs no command. */
  readonly commands: readonly string[];
}

function readGroups(text: string): Result<readonly HookGroup[], HookProblem> {
  const errors: ParseError[] = [];
  const root: unknown = text.trim() === "" ? {} : parse(text, errors, JSONC);
  const [first] = errors;
  if (first !== undefined) return err({ offset: first.offset, message: printParseErrorCode(first.error) });
  const odd = err({ offset: 0, message: "hooks.PreToolUse is not a list of hooks" });
  if (!isRecord(root)) return err({ offset: 0, message: "it is no JSON object" });
  if (root.hooks !== undefined && !isRecord(root.hooks)) return odd;
  const groups: unknown = root.hooks?.PreToolUse ?? [];
  if (!Array.isArray(groups)) return odd;
  const read: HookGroup[] = [];
  for (const group of groups) {
    const hooks: unknown = isRecord(group) ? group.hooks : undefined;
    if (!Array.isArray(hooks)) return odd;
    read.push({
      commands: hooks.map((hook: unknown) =>
        isRecord(hook) && typeof hook.command === "string" ? hook.command : "",
      ),
    });
  }
  return ok(read);
}

/** As the file is written: by the first indented line, and its line ends. */
function formatOf(text: string): FormattingOptions {
  const indent = /\n([ \t]+)\S/.exec(text)?.[1] ?? "  ";
  return {
    insertSpaces: !indent.startsWith("\t"),
    tabSize: indent.startsWith("\t") ? 1 : indent.length,
    eol: text.includes("\r\n") ? "\r\n" : "\n",
  };
}
