import fc from "fast-check";
import { expect, test } from "vitest";
import { err, ok } from "../../src/core/result.ts";
import { fillPrompt, variablesIn } from "../../src/workflow/prompt-text.ts";
import { readIn } from "./files.ts";

const fill = (text: string, value: string) => fillPrompt(text, () => ok(value));

test("values are put in as they are, and are never looked into", () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      expect(fill("a {{parameters.x}} b {{ outputs.s.k }}", value)).toEqual(ok(`a ${value} b ${value}`));
    }),
  );
  expect(fill("{{parameters.x}}", "{{parameters.y}} $& $1")).toEqual(ok("{{parameters.y}} $& $1"));
});

test("other braces stay as they are", () => {
  const text = "{ {a} } {{}} {{ 1 }} {{a b}} {{{";
  expect(fill(text, "!")).toEqual(ok(text));
});

test("a value that cannot be had ends it", () => {
  expect(fillPrompt("{{parameters.a}}{{parameters.b}}", (name) => err(name))).toEqual(err("parameters.a"));
});

test("a variable tells what it stands for, and where", () => {
  expect(variablesIn("x {{parameters.tag-name}} {{outputs.a_b.c}} {{user}}")).toEqual([
    { name: "parameters.tag-name", index: 2, ref: { parameter: "tag-name" } },
    { name: "outputs.a_b.c", index: 26, ref: { output: { stage: "a_b", key: "c" } } },
    { name: "user", index: 44, ref: undefined },
  ]);
});

const workflow = (stages: string) => ({
  "w.yaml": `name: w\nparameters: { version: { type: string } }\nstages:\n${stages}`,
});

test.each([
  ["{{parameters.versoin}}", "10:20 stages[1].llm.prompt: no parameter versoin"],
  ["{{outputs.first.anwser}}", "10:20 stages[1].llm.prompt: no output of first anwser"],
  ["{{outputs.last.answer}}", "10:20 stages[1].llm.prompt: last is not done before second"],
  ["{{outputs.frist.answer}}", "10:20 stages[1].llm.prompt: no stage frist"],
  ["{{version}}", "10:20 stages[1].llm.prompt: no variable version"],
])("a prompt with %s is found wrong before anything is run", (variable, problem) => {
  const { problems } = readIn(
    workflow(`  - id: first
    persona: qa
    llm:
      prompt: "{{parameters.version}}"
  - id: second
    persona: qa
    llm: { prompt: "a ${variable}" }
  - { id: last, persona: qa, run: x }
`),
  );
  expect(problems).toEqual([problem]);
});
