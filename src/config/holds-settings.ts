import { readDefinitionText } from "../core/definition-text.ts";

/**
 * Whether a YAML file may set anything: not when all of its lines are blank, comments or marks of a document. It takes
 * no parser to see that, which would double the start of every command in a project that `init` has made, and which
 * need not see what nobody has trusted yet. What cannot be read may.
 */
export function mayHoldSettings(file: string): boolean {
  const text = readDefinitionText(file);
  if (!text.ok) return true;
  const lines = text.value.replace(/^\uFEFF/, "").split("\n");
  return lines.some((line) => !/^\s*(?:#|$)|^(?:---|\.\.\.)\s*$/.test(line));
}
