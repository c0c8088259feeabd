import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { mayHoldSettings } from "../../src/config/holds-settings.ts";
import { readProjectSettings } from "../../src/config/project-settings.ts";
import { examples } from "../support/draw-examples.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

test.each<[what: string, text: string | Buffer, may: boolean]>([
  ["nothing", "", false],
  ["comments and blank lines", "# capture: none\n  # more\n\n", false],
  ["a byte order mark and line ends of Windows", "\uFEFF# a\r\n# b\r\n", false],
  ["marks of a document", "---\n# a\n...\n", false],
  ["a setting", "# a\ncapture: none\n", true],
  ["a setting behind a mark", "--- capture: none\n", true],
  ["what only a parser can tell", "{}", true],
  ["a directive", "%YAML 1.2\n", true],
  ["no text", Buffer.from([0xff, 0xfe]), true],
  ["a setting behind many comments", `${"# a\r\n".repeat(20_000)}a`, true],
])("%s", (_, text, may) => {
  const file = join(temporaryDirectory(), "settings.yaml");
  writeFileSync(file, text);
  expect(mayHoldSettings(file)).toBe(may);
});

test("a file that is passed over unread would have set nothing", () => {
  const file = join(temporaryDirectory(), "settings.yaml");
  const piece = fc.constantFrom(
    "#",
    " ",
    "\t",
    "---",
    "...",
    "capture: none",
    "a",
    "|",
    "'",
    "\r",
    "\uFEFF",
    "\u2028",
  );
  const text = fc.array(
    fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join("")),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(text, (lines) => {
      writeFileSync(file, lines.join("\n"));
      if (!mayHoldSettings(file)) expect(readProjectSettings(file).values.size).toBe(0);
    }),
    { numRuns: examples(2000) },
  );
});
