import { type ParseError, parse } from "jsonc-parser";

/** JSON with comments and trailing commas, as editors write it. @returns undefined when it is none. */
export function parseJsonc(text: string): unknown {
  const errors: ParseError[] = [];
  const value: unknown = parse(text.replace(/^\uFEFF/, ""), errors, { allowTrailingComma: true });
  return errors.length === 0 ? value : undefined;
}
