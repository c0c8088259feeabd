import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { workflowJsonSchema } from "../../src/workflow/schema.ts";
import { repositoryRoot } from "../support/run-binary.ts";

const file = join(repositoryRoot, "schemas/workflow.schema.json");
const published = JSON.parse(readFileSync(file, "utf8")) as Node;

test("the published JSON Schema is that of the program; npm run docs writes it", () => {
  expect(readFileSync(file, "utf8")).toBe(workflowJsonSchema());
});

interface Node extends Readonly<Record<string, unknown>> {
  readonly properties?: Readonly<Record<string, Node>>;
}

test("it says what every key is for, forbids all others, and which go together", () => {
  const stage = find(published, "stages", "items");
  const gate = find(stage, "gates", "items");
  expect(stage).toMatchObject({
    additionalProperties: false,
    required: ["id", "persona"],
    oneOf: [{ required: ["run"] }, { required: ["agent"] }, { required: ["manual"] }, { required: ["llm"] }],
  });
  expect(find(gate, "value")).toMatchObject({
    anyOf: [{ required: ["min"] }, { required: ["max"] }, { required: ["equals"] }],
    dependentRequired: { json: ["path"], file: ["pattern"], log: ["pattern"] },
  });
  const objects = objectsIn(published);
  expect(objects.length).toBeGreaterThan(10);
  for (const { properties, additionalProperties } of objects) {
    expect(additionalProperties).toBe(false);
    for (const [key, { description }] of Object.entries(properties ?? {})) {
      expect({ key, description }).toEqual({ key, description: expect.any(String) });
    }
  }
});

/** Every schema of a mapping, wherever it stands. */
function objectsIn(value: unknown): readonly Node[] {
  if (typeof value !== "object" || value === null) return [];
  const inner = Object.values(value).flatMap(objectsIn);
  return "properties" in value && "type" in value ? [value as Node, ...inner] : inner;
}

function find(node: Node, key: string, inner?: string): Node {
  const found = node.properties?.[key];
  if (found === undefined) throw new Error(`no ${key}`);
  return inner === undefined ? found : (found[inner] as Node);
}
