/** One line without control characters, and without the credentials of a URL. */
export function printable(text: string): string {
  return escapeControls(withoutCredentials(text));
}

/** One line: what ends a line, commands a terminal or turns the direction of writing is spelt out, as JSON does it. */
export function escapeControls(text: string): string {
  let escaped = "";
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (!isControl(code)) continue;
    escaped += `${text.slice(from, at)}\\u${code.toString(16).padStart(4, "0")}`;
    from = at + 1;
  }
  return escaped + text.slice(from);
}

/** By hand, since a switch asks for three texts: V8 compiles a regular expression twice by then. */
function isControl(code: number): boolean {
  if (code < 0x7f) return code < 0x20;
  return code < 0xa0 || (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/**
 * The same for several lines, whose ends and tabs stay.
 *
 * @param hasColor whether the colours of `Paint` stay as well.
 */
export function escapeControlsInLines(text: string, hasColor: boolean): string {
  return text.replaceAll("\r\n", "\n").replace(COLOR_OR_CONTROL, (found) => {
    const stays = found === "\n" || found === "\t" || (hasColor && found.length > 1);
    return stays ? found : escapeControls(found);
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const COLOR_OR_CONTROL = /\x1b\[(?:[12]|22|3[1259])m|[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g;

export function withoutCredentials(text: string): string {
  return text.replace(/:\/\/[^/\s"]*@/g, "://***@");
}

/** Lines of columns that are padded to the widest cell; the last one is left as it is. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  }
  const lines = rows.map((row) =>
    row.map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0))).join("  "),
  );
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}
