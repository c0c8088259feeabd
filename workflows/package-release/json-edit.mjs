/**
 * Replaces one value of a JSON text by a string, and not a byte beside it.
 *
 * @param {string} text valid JSON; a byte order mark may precede it.
 * @param {readonly string[]} path keys from the outermost object inwards.
 * @param {string} value
 * @returns {string} the same text when there is no such value.
 */
export function replaceString(text, path, value) {
  const range = locate(text, path);
  if (range === undefined) return text;
  return text.slice(0, range.start) + JSON.stringify(value) + text.slice(range.end);
}

const BLANK = /[\s\uFEFF]*/y;
const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/y;
const LITERAL = /[^\s,\]}]+/y;

/** Of equal keys the last one counts, as for `JSON.parse`. */
function locate(text, path) {
  let position = 0;
  let found;

  function take(pattern) {
    pattern.lastIndex = position;
    const [token] = pattern.exec(text);
    position += token.length;
    return token;
  }

  /** @param {readonly string[] | undefined} rest the path from here on; undefined beside it. */
  function value(rest) {
    take(BLANK);
    const start = position;
    if (text[position] === "{") members("}", rest);
    else if (text[position] === "[") members("]", undefined);
    else take(text[position] === '"' ? STRING : LITERAL);
    if (rest?.length === 0) found = { start, end: position };
  }

  function members(closing, rest) {
    position += 1;
    take(BLANK);
    while (text[position] !== closing) {
      value(closing === "}" ? memberPath(rest) : undefined);
      take(BLANK);
      if (text[position] === ",") position += 1;
      take(BLANK);
    }
    position += 1;
  }

  function memberPath(rest) {
    const key = JSON.parse(take(STRING));
    take(BLANK);
    position += 1;
    return rest !== undefined && rest[0] === key ? rest.slice(1) : undefined;
  }

  value(path);
  return found;
}
