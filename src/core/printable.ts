/** One line without control characters, and without the credentials of a URL. */
export function printable(text: string): string {
  return escapeControls(withoutCredentials(text));
}

/** One line: what ends a line, commands a terminal or turns the direction of writing is spelt out, as JSON does it. */
export function escapeControls(text: string): string {
  return text.replace(CONTROLS, escaped);
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

// Spelt as ranges, which compile in a third of the time of `\p{Cc}\p{Zl}\p{Zp}`.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const COLOR_OR_CONTROL = /\x1b\[(?:[12]|22|3[1259])m|[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

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
