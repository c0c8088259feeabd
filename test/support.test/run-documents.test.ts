import { describe, expect, onTestFinished, test } from "vitest";
import { type CodeBlock, codeBlocksOf } from "../support/markdown.ts";
import { createSandbox } from "../support/run-binary.ts";
import { markingProblem, runShellBlock } from "../support/run-documents.ts";

function onlyBlock(markdown: string): CodeBlock {
  const [block, ...others] = codeBlocksOf("a.md", markdown);
  if (block === undefined || others.length > 0) throw new Error("not one block");
  return block;
}

describe("blocks of a document", () => {
  test("are found with their line, marks and text, within lists too", () => {
    const text = 'one\n\n- two:\n\n  ```sh exit=1 shows="a b" data\n  echo a\n    b\n  ```\n\nthree\n';
    expect(onlyBlock(text)).toEqual({
      file: "a.md",
      line: 5,
      language: "sh",
      info: { exit: "1", shows: "a b", data: "" },
      text: "echo a\n  b\n",
    });
  });

  test.each([
    ["```sh exti=1\n```\n", "unknown marks: exti"],
    ["```promql exit=1\n```\n", "unknown marks: exit"],
    ["```sh no-run\n```\n", "no-run without a reason"],
    ['```sh no-run reason="a browser"\n```\n', undefined],
  ])("marks that nobody knows are found: %j", (text, problem) => {
    expect(markingProblem(onlyBlock(text))).toBe(problem);
  });

  test.each([
    ["```sh\ntta-persona current\n```\n", "exit 3 instead of 0"],
    ["```sh exit=3\ntta-persona current\n```\n", undefined],
    ["```sh\nfalse\necho on\n```\n", "exit 1 instead of 0"],
    ["```sh\nfalse | cat\n```\n", "exit 1 instead of 0"],
    ['```sh shows="two"\necho one\n```\n', "does not show two"],
    ['```sh shows="two"\necho two >&2\n```\n', undefined],
  ])("what a block does otherwise than it says is found: %j", async (text, problem) => {
    const sandbox = createSandbox();
    onTestFinished(() => sandbox.dispose());
    const found = await runShellBlock(onlyBlock(text), sandbox);
    expect(found?.split(":")[0]).toBe(problem);
  });
});
