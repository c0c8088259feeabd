import { expect, test } from "vitest";
import { shellScope } from "../../src/projection/shell-scope.ts";

const letters = "0123456789abcdefghijklmnopqrstuv";

test.each(["1-a", "4711-0z9", `4294967295-${letters}`])("the shell %s has a scope of its own", (id) => {
  expect(shellScope({ TTA_PERSONA_SHELL: id })).toBe(`shell:${id}`);
});

test.each([
  ["", "nothing"],
  ["4711", "no letters"],
  ["4711-", "none behind the dash"],
  ["-a", "no pid"],
  ["0-a", "a pid of zero"],
  ["047-a", "a pid that begins with one"],
  ["47a1-a", "a letter in the pid"],
  ["42949672950-a", "eleven digits"],
  [`1-${letters}w`, "33 letters"],
  ["1-A", "a capital"],
  ["1-a-b", "two dashes"],
  ["1-a/../b", "a path"],
  ["1-a\n", "a line's end"],
  ["1-é", "an accent"],
])("%j is no shell's id: %s", (id) => {
  expect(shellScope({ TTA_PERSONA_SHELL: id })).toBeUndefined();
});
