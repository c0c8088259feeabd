import { getNodeValue, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import { err, ok, type Result } from "../core/result.ts";

export type JsonNode = Node;

/** What is wrong with a text, and where: an offset in UTF-16 units. */
export interface JsonProblem {
  readonly offset: number;
  readonly message: string;
}

/** Parses JSON with comments and trailing commas, as the tools that are configured by it do. */
export function parseJsonc(text: string): Result<JsonNode, JsonProblem> {
  const errors: ParseError[] = [];
  let root: Node | undefined;
  try {
    root = parseTree(text, errors, {
      allowTrailingComma: true,
      disallowComments: false,
      allowEmptyContent: false,
    });
  } catch (error) {
    // The parser recurses.
    if (!(error instanceof RangeError)) throw error;
    return err({ offset: 0, message: "nested too deeply" });
  }
  const [first] = errors;
  if (first !== undefined)
    return err({ offset: first.offset, message: wordsOf(printParseErrorCode(first.error)) });
  return root === undefined ? err({ offset: 0, message: "empty" }) : ok(root);
}

/** Every value of that key: of a key that is there twice, tools take either. */
export function membersOf(object: JsonNode, key: string): readonly JsonNode[] {
  return propertiesOf(object).flatMap((property) => (property.key === key ? [property.value] : []));
}

export function propertiesOf(
  object: JsonNode,
): readonly { readonly key: string; readonly value: JsonNode }[] {
  if (object.type !== "object") return [];
  return (object.children ?? []).flatMap(({ children: [key, value] = [] }) =>
    key === undefined || value === undefined ? [] : [{ key: String(key.value), value }],
  );
}

/** The whole of it as a value. */
export function plainValue(node: JsonNode): unknown {
  return getNodeValue(node);
}

export function textOf(node: JsonNode | undefined): string | undefined {
  const value: unknown = node === undefined ? undefined : getNodeValue(node);
  return typeof value === "string" ? value : undefined;
}

/** `PropertyNameExpected` → `property name expected` */
function wordsOf(code: string): string {
  return code.replace(/(?<!^)[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).toLowerCase();
}
