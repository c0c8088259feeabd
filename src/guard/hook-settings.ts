import {
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from "jsonc-parser";
import { err, ok, type Result } from "../core/result.ts";
import { isRecord } from "./request.ts";

/** What Claude Code is told to run before every tool. */
export const HOOK_COMMAND = "tta-persona guard";

/** A thousand times what an answer takes. */
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

/** Adds the guard's hook to the text of a `.claude/settings.json`; every other byte in it stays as it is. */
export function addHook(text: string): Result<HookEdit, HookProblem> {
  const read = readSettings(text);
  if (!read.ok) return read;
  const { root, hooks, list } = read.value;
  if (ownHooks(list).length > 0) return ok({ text, changed: false });
  // Without `onFailure`, which older versions than 2.1.295 pass over, a hook that is not found, crashes or is late lets
  // the tool through.
  const hook = { type: "command", command: HOOK_COMMAND, timeout: TIMEOUT_SECONDS, onFailure: "block" };
  const group = { matcher: "*", hooks: [hook] };
  if (root === undefined) {
    return ok({ text: `${JSON.stringify({ hooks: { PreToolUse: [group] } }, null, 2)}\n`, changed: true });
  }
  const [into, depth, key, value] =
    list !== undefined
      ? ([list, 3, undefined, group] as const)
      : hooks !== undefined
        ? ([hooks, 2, "PreToolUse", [group]] as const)
        : ([root, 1, "hooks", { PreToolUse: [group] }] as const);
  return ok({ text: insertInto(text, into, depth, key, value), changed: true });
}

/** Takes the guard's hook out again, with what is empty without it. */
export function removeHook(text: string): Result<HookEdit, HookProblem> {
  let next = text;
  for (;;) {
    const read = readSettings(next);
    if (!read.ok) return read;
    const [own] = ownHooks(read.value.list);
    if (own === undefined) return ok({ text: next, changed: next !== text });
    next = cut(next, widest(own));
  }
}

interface Settings {
  /** Undefined for an empty text. */
  readonly root: Node | undefined;
  readonly hooks: Node | undefined;
  /** `hooks.PreToolUse`. */
  readonly list: Node | undefined;
}

function readSettings(text: string): Result<Settings, HookProblem> {
  if (text.trim() === "") return ok({ root: undefined, hooks: undefined, list: undefined });
  const errors: ParseError[] = [];
  let root: Node | undefined;
  try {
    root = parseTree(text, errors, { allowTrailingComma: true });
  } catch (error) {
    // The parser recurses.
    if (!(error instanceof RangeError)) throw error;
    return err({ offset: 0, message: "nested too deeply" });
  }
  const [first] = errors;
  if (first !== undefined)
    return err({ offset: first.offset, message: wordsOf(printParseErrorCode(first.error)) });
  if (root?.type !== "object") return err({ offset: 0, message: "it is no JSON object" });
  const hooks = findNodeAtLocation(root, ["hooks"]);
  const list = findNodeAtLocation(root, ["hooks", "PreToolUse"]);
  const isOdd = (group: Node) => findNodeAtLocation(group, ["hooks"])?.type !== "array";
  if (
    (hooks ?? root).type !== "object" ||
    (list !== undefined && list.type !== "array") ||
    list?.children?.some(isOdd)
  ) {
    return err({
      offset: (list ?? hooks ?? root).offset,
      message: "hooks.PreToolUse is not a list of hooks",
    });
  }
  return ok({ root, hooks, list });
}

/** `PropertyNameExpected` → `property name expected` */
function wordsOf(code: string): string {
  return code.replace(/(?<!^)[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();
}

function ownHooks(list: Node | undefined): readonly Node[] {
  return (list?.children ?? []).flatMap((group) =>
    (findNodeAtLocation(group, ["hooks"])?.children ?? []).filter((hook) => {
      const value: unknown = getNodeValue(hook);
      return isRecord(value) && typeof value.command === "string" && OWN.test(value.command);
    }),
  );
}

/** The hook, or as much around it as holds nothing else: its group, the list, and `hooks`. */
function widest(hook: Node): Node {
  let node = hook;
  for (;;) {
    const container = node.parent;
    if (container === undefined || (container.children?.length ?? 0) > 1) return node;
    const outer = container.parent?.type === "property" ? container.parent : container;
    // The group's hooks are all there is to it; the root stays, empty.
    const next = container.type === "array" && outer.parent?.parent?.type === "array" ? outer.parent : outer;
    if (next?.parent === undefined) return node;
    node = next;
  }
}

/** Takes a member out, with its comma and the space before it. */
function cut(text: string, node: Node): string {
  const siblings = node.parent?.children ?? [];
  const at = siblings.indexOf(node);
  const before = siblings[at - 1];
  const after = siblings[at + 1];
  const end = endOf(node);
  if (before !== undefined) return text.slice(0, endOf(before)) + text.slice(end);
  if (after !== undefined) return text.slice(0, node.offset) + text.slice(after.offset);
  const blank = /\s*$/.exec(text.slice(0, node.offset))?.[0].length ?? 0;
  const rest = text.slice(end).replace(/^\s*,?(?:\s*(?=[}\]]))?/, "");
  return text.slice(0, node.offset - blank) + rest;
}

const endOf = (node: Node) => node.offset + node.length;

/** Puts a member behind the last one, indented as the file is. */
function insertInto(
  text: string,
  into: Node,
  depth: number,
  key: string | undefined,
  value: unknown,
): string {
  const indent = /\n([ \t]+)\S/.exec(text)?.[1] ?? "  ";
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const lines = JSON.stringify(value, null, indent).split("\n");
  const member = (key === undefined ? "" : `"${key}": `) + lines.join(`${eol}${indent.repeat(depth)}`);
  const last = into.children?.at(-1);
  const at = last === undefined ? into.offset + 1 : endOf(last);
  const begin = `${last === undefined ? "" : ","}${eol}${indent.repeat(depth)}`;
  const close = last === undefined ? `${eol}${indent.repeat(depth - 1)}` : "";
  return text.slice(0, at) + begin + member + close + text.slice(at);
}
