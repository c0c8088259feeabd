/** From the root of a document to a value in it. */
export type ValuePath = readonly (string | number)[];

export interface JsonSyntaxError {
  /** In UTF-16 units from the start of the text. */
  readonly offset: number;
  readonly message: string;
}

/** Deeper values are passed over by the scan; no definition comes near. */
const MAX_DEPTH = 200;

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const LITERAL = /true|false|null/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/**
 * Says where things are in a JSON text, which `JSON.parse` does not: calls `visit` with the path and offset of each
 * value in document order, and returns the first syntax error, if there is one.
 */
export function scanJson(
  text: string,
  visit: (path: ValuePath, offset: number) => void = () => {},
): JsonSyntaxError | undefined {
  let offset = 0;
  let failure: JsonSyntaxError | undefined;

  const fail = (message: string, at = offset): false => {
    failure ??= {
      offset: at,
      message: at >= text.length ? `${message}, found the end of the file` : message,
    };
    return false;
  };
  const match = (pattern: RegExp): boolean => {
    pattern.lastIndex = offset;
    const matched = pattern.test(text);
    if (matched) offset = pattern.lastIndex;
    return matched;
  };
  const skip = (mark: string): boolean => {
    match(SPACE);
    if (text[offset] !== mark) return false;
    offset++;
    match(SPACE);
    return true;
  };

  const string = (): boolean => {
    offset++;
    for (;;) {
      const unit = text.charCodeAt(offset);
      if (Number.isNaN(unit)) return fail("expected a closing quote");
      if (unit < 0x20) return fail("a string must end on its line and hold no control characters");
      if (text[offset] === '"') break;
      if (text[offset] !== "\\") offset++;
      else if (!match(ESCAPE)) return fail("unknown escape sequence in a string");
    }
    offset++;
    return true;
  };

  const members = (path: ValuePath): boolean => {
    if (skip("}")) return true;
    do {
      const start = offset;
      if (text[offset] !== '"') return fail("expected a key in double quotes");
      if (!string()) return false;
      const key: unknown = JSON.parse(text.slice(start, offset));
      if (!skip(":")) return fail('expected ":"');
      if (!value([...path, String(key)])) return false;
    } while (skip(","));
    return skip("}") || fail('expected "," or "}"');
  };

  const items = (path: ValuePath): boolean => {
    if (skip("]")) return true;
    let index = 0;
    do {
      if (!value([...path, index++])) return false;
    } while (skip(","));
    return skip("]") || fail('expected "," or "]"');
  };

  const value = (path: ValuePath): boolean => {
    match(SPACE);
    if (path.length > MAX_DEPTH) return fail("nested too deeply");
    visit(path, offset);
    if (text[offset] === '"') return string();
    if (skip("{")) return members(path);
    if (skip("[")) return items(path);
    return match(NUMBER) || match(LITERAL) || fail("expected a value");
  };

  if (value([])) {
    match(SPACE);
    if (offset < text.length) fail("expected nothing more after the value");
  }
  return failure;
}
