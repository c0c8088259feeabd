import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { repositoryRoot } from "../support/run-binary.ts";

interface Work {
  readonly run?: string;
  readonly agent?: { readonly prompt: string };
  readonly manual?: { readonly checklist: readonly string[] };
}
interface Definition {
  readonly name: string;
  readonly parameters: Readonly<Record<string, object>>;
  readonly stages: readonly (Work & {
    readonly id: string;
    readonly persona: string;
    readonly fallback?: Work;
    readonly outputs?: readonly string[];
  })[];
}

const folder = join(repositoryRoot, "workflows");
const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
const definitions = files.map((file): [string, Definition] => [
  basename(file, ".yaml"),
  parse(readFileSync(join(folder, file), "utf8")) as Definition,
]);

describe("the built-in workflows", () => {
  test("have the personas of the plan, in its order", () => {
    const personas = Object.fromEntries(
      definitions.map(([name, { stages }]) => [name, stages.map(({ persona }) => persona)]),
    );
    expect(personas).toEqual({
      "package-release": ["backend-engineer", "testing-specialist", "devops-engineer"],
      "feature-development": ["backend-engineer", "frontend-engineer", "testing-specialist"],
      "incident-response": ["observability-expert", "backend-engineer", "devops-engineer"],
      "bug-fix": ["observability-expert", "backend-engineer", "testing-specialist"],
    });
  });

  test.each(definitions)("%s is named as its file", (name, definition) => {
    expect(definition.name).toBe(name);
  });

  test.each(definitions)("%s can be done without an agent", (_, { stages }) => {
    for (const { agent, fallback } of stages) {
      if (agent !== undefined) expect(fallback?.manual?.checklist.length).toBeGreaterThan(0);
    }
  });

  test.each(definitions)(
    "%s tells agents of variables that there are, and of what to hand on",
    (_, definition) => {
      const { parameters, stages } = definition;
      const known = new Set([
        "TTA_OUTPUT",
        ...Object.keys(parameters).map((name) => `TTA_PARAM_${name.toUpperCase().replaceAll("-", "_")}`),
      ]);
      for (const { id, agent, outputs = [] } of stages) {
        const prompt = agent?.prompt ?? "";
        for (const [variable] of prompt.matchAll(/\bTTA_[A-Z_]+/g)) expect([...known]).toContain(variable);
        const handedOn = [...prompt.matchAll(/^\s*(?:echo ")?([a-z_]+)(?:=|<<)/gm)].map(([, key]) => key);
        if (agent !== undefined) expect(handedOn).toEqual(expect.arrayContaining([...outputs]));
        for (const key of handedOn) known.add(`TTA_OUTPUT_${id}_${key}`.toUpperCase());
      }
    },
  );
});
