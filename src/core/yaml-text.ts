import { stringify } from "yaml";

/** YAML of a value, every text on one line, so that it reads back as exactly the same value. */
export function yamlText(value: unknown): string {
  return stringify(value, { blockQuote: false, lineWidth: 0 });
}
