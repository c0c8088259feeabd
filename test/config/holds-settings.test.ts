import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mayHoldSettings } from "../../src/config/holds-settings.ts";
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
