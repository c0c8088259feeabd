import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  Lexer,
  LineCounter,
  Parser,
  parseDocument,
} from "yaml";
import { scanJson, type ValuePath } from "./json-scan.ts";
import { type Position, positionAt } from "./position.ts";
import { err, ok, type Result } from "./result.ts";

export type SourceFormat = "json" | "yaml";

const MAX_YAML_DEPTH = 100;

/** A parsed file that still knows where its values stand. */
export interface Source {
  readonly value: unknown;
  /** The value at this path, or the innermost one around it where there is none. */
  locate(path: ValuePath): Position;
  /** The key that the path ends in, where YAML has one there; else as `locate`. */
  locateKey(path: ValuePath): Position;
  /** A YAML scalar as it is written, also by way of an alias: `1.10` is not `1.1`. Undefined for anything else. */
  written(path: ValuePath): string | undefined;
}

export interface SyntaxProblem extends Position {
  readonly message: string;
}

/** Reads JSON or YAML; on a syntax error, the first one. */
export function parseSource(text: string, format: SourceFormat): Result<Source, SyntaxProblem> {
  const withoutMark = text.startsWith("\uFEFF") ? text.slice(1) : text;
  return format === "json" ? parseJson(withoutMark) : parseYaml(withoutMark);
}

function parseJson(text: string): Result<Source, SyntaxProblem> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const { offset, message } = scanJson(text) ?? { offset: 0, message: "not JSON" };
    return err({ ...positionAt(text, offset), message });
  }
  const locate = (path: ValuePath): Position => {
    let nearest = 0;
    let depth = -1;
    scanJson(text, (visited, offset) => {
      // Of a key that is there twice, the last one counts.
      if (visited.length >= depth && visited.every((step, index) => step === path[index])) {
        nearest = offset;
        depth = visited.length;
      }
    });
    return positionAt(text, nearest);
  };
  return ok({ value, locate, locateKey: locate, written: () => undefined });
}

function parseYaml(text: string): Result<Source, SyntaxProblem> {
  const lineCounter = new LineCounter();
  const positionOf = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const tooDeep = findDeepNesting(text);
  if (tooDeep !== undefined) return err({ ...positionAt(text, tooDeep), message: "nested too deeply" });

  let document: ReturnType<typeof parseDocument>;
  let value: unknown;
  try {
    document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: "error" });
    const [error] = document.errors;
    if (error !== undefined) return err({ ...positionOf(error.pos[0]), message: error.message });
    value = document.toJS();
  } catch (cause) {
    // Thrown without a position: an alias without an anchor, or more aliases than the library expands.
    const message = cause instanceof Error ? cause.message : String(cause);
    return err({ line: 1, column: 1, message });
  }
  const locate = (path: ValuePath): Position => {
    for (let length = path.length; length > 0; length--) {
      const node = document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return positionOf(node.range[0]);
    }
    return positionOf(document.contents?.range?.[0] ?? 0);
  };
  const locateKey = (path: ValuePath): Position => {
    const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
    const pair = isMap(parent) ? parent.items.find(({ key }) => keyText(key) === path.at(-1)) : undefined;
    return isNode(pair?.key) && pair.key.range ? positionOf(pair.key.range[0]) : locate(path);
  };
  const written = (path: ValuePath): string | undefined => {
    let node: unknown = document.contents;
    for (const step of [...path, undefined]) {
      if (isAlias(node)) node = node.resolve(document);
      if (step !== undefined) node = isCollection(node) ? node.get(step, true) : undefined;
    }
    if (!isScalar(node)) return undefined;
    return typeof node.value === "string" ? node.value : (node.source ?? String(node.value));
  };
  return ok({ value, locate, locateKey, written });
}

const keyText = (key: unknown): string => String(isScalar(key) ? key.value : key);

/**
 * Where collections nest deeper than any definition does, or undefined. Composing a document recurses; close to the
 * end of the stack V8 may fail to compile a regular expression, and that ends the process.
 */
function findDeepNesting(text: string): number | undefined {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    // The parser advances as its tokens are taken.
    for (const _ of parser.next(lexeme));
    if (parser.stack.length > MAX_YAML_DEPTH) return Math.min(parser.offset, text.length);
  }
  return undefined;
}
