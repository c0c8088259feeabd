import fc from "fast-check";
import { expect, test } from "vitest";
import { terminalText } from "../../src/cli/terminal-text.ts";

const ESC = "\u001b";
const isControl = (character: string) => /\p{Cc}/u.test(character) && !"\t\n".includes(character);
const controls = (text: string) => [...text].filter(isControl);

test("colours stay where they are wanted, and end with the text", () => {
  const red = `${ESC}[1;31mbad${ESC}[0m fine\n`;
  expect(terminalText(red, true)).toBe(`${red}${ESC}[0m`);
  expect(terminalText(red, false)).toBe("bad fine\n");
  expect(terminalText("plain\ttext\n", true)).toBe("plain\ttext\n");
});

test.each([
  ["a title", `a${ESC}]0;title\u0007b`],
  ["the clipboard", `a${ESC}]52;c;aGk=${ESC}\\b`],
  ["the cursor", `a${ESC}[2J${ESC}[1;1H${ESC}[?25lb`],
  ["a device control string", `a${ESC}P1$r0m${ESC}\\b`],
  ["a charset", `a${ESC}(0b`],
  ["a reset", `a${ESC}cb`],
  ["eight bits", "a\u009b2J\u009d0;title\u009cb"],
  ["control characters", "a\u0007\u0008\u007f\rb"],
])("%s is not a log's to change", (_, text) => {
  expect(terminalText(text, true)).toBe("ab");
});

test("a string that does not end takes no line with it", () => {
  expect(terminalText(`a${ESC}]0;never ends\nb\n`, true)).toBe("a\nb\n");
});

test("nothing but colours is left of any text", () => {
  const piece = fc.constantFrom(ESC, "[", "]", "m", "3", ";", "\u009b", "\u0007", "\\", "x", "\n", "(", "P");
  fc.assert(
    fc.property(fc.string({ unit: piece, maxLength: 40 }), (text) => {
      const colors = terminalText(text, true).split(ESC).slice(1);
      for (const sequence of colors) expect(sequence).toMatch(/^\[[0-9;:]*m/);
      expect(controls(terminalText(text, true))).toHaveLength(colors.length);
      expect(controls(terminalText(text, false))).toEqual([]);
    }),
  );
});
