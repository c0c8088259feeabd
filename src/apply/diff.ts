import { createTwoFilesPatch } from "diff";
import { isSecretName } from "../core/secret-names.ts";
import { type JsonNode, parseJsonc, propertiesOf, textOf } from "./jsonc.ts";
import { applySplices, type Splice } from "./persona-argument.ts";
import type { ClientEdit } from "./plan.ts";
import { decodeText } from "./text-file.ts";

/**
 * What would be changed in a file, as a unified diff. It shows lines of the user's own, without what servers are given
 * as variables and headers; what else is a secret is for the caller to mask.
 */
export function unifiedDiff({ path, before, after }: Pick<ClientEdit, "path" | "before" | "after">): string {
  const textOf = (bytes: Buffer | undefined) =>
    bytes === undefined ? "" : withoutValues(decodeText(bytes)?.body ?? "");
  const nameOf = (bytes: Buffer | undefined) => (bytes === undefined ? "/dev/null" : path);
  const patch = createTwoFilesPatch(
    nameOf(before),
    nameOf(after),
    textOf(before),
    textOf(after),
    undefined,
    undefined,
    {
      context: 2,
    },
  );
  return patch.replace(/^(?:Index: .*\n)?=+\n/, "");
}

/** Whatever such a value is called, and however short it is: nobody needs it to see which persona stands there. */
const CONFIDENTIAL = new Set(["env", "headers", "http_headers"]);

/** Of a text that is no JSON, such as an agent's file, all stays. */
function withoutValues(text: string): string {
  const root = parseJsonc(text);
  return root.ok ? applySplices(text, valuesIn(root.value, false)) : text;
}

function valuesIn(node: JsonNode, isConfidential: boolean): readonly Splice[] {
  switch (node.type) {
    case "object":
      return propertiesOf(node).flatMap(({ key, value }) =>
        valuesIn(value, isConfidential || CONFIDENTIAL.has(key)),
      );
    case "array":
      return (node.children ?? []).flatMap((item, index, items) =>
        valuesIn(item, isConfidential || isSecretFlag(textOf(items[index - 1]))),
      );
    default:
      return isConfidential ? [{ offset: node.offset, length: node.length, text: '"***"' }] : [];
  }
}

/** `--api-key`: the word behind it is the key. */
function isSecretFlag(word: string | undefined): boolean {
  const name = /^--?([\w-]+)$/.exec(word ?? "")?.[1];
  return name !== undefined && isSecretName(name);
}
