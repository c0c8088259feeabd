import fs from "node:fs";
import { expect, test } from "vitest";
import { builtInHeads, builtInPersonas } from "../../src/persona/built-in.ts";
import { personaFileSchema } from "../../src/persona/schema.ts";
import { isPersonaFile } from "../../src/persona/shape.ts";

const directory = new URL("../../personas/", import.meta.url);
const documents = fs
  .readdirSync(directory)
  .map((file) => [file, JSON.parse(fs.readFileSync(new URL(file, directory), "utf8"))] as const);

test("the six, their icons and budgets", () => {
  const rows = builtInPersonas().map(({ name, icon, tokenBudget, budget }) => [
    name,
    icon,
    tokenBudget,
    budget,
  ]);
  expect(rows).toEqual([
    ["backend-engineer", "⚙️", 2000, { tokens: 2_000_000, window: "day" }],
    ["data-scientist", "🔬", 1700, { tokens: 1_700_000, window: "day" }],
    ["devops-engineer", "🚀", 1800, { tokens: 1_800_000, window: "day" }],
    ["frontend-engineer", "🎨", 1800, { tokens: 1_800_000, window: "day" }],
    ["observability-expert", "📊", 2000, { tokens: 2_000_000, window: "day" }],
    ["testing-specialist", "🧪", 1500, { tokens: 1_500_000, window: "day" }],
  ]);
});

test("all files that ship are built in", () => {
  expect(documents.map(([file]) => file.replace(".json", ""))).toEqual(builtInHeads.map(({ name }) => name));
});

test.each(documents)(
  "%s is valid, in the old shape, and allows tools of allowed servers only",
  (file, document) => {
    expect(personaFileSchema.parse(document)).toEqual(document);
    expect(isPersonaFile(document)).toBe(true);
    expect(document.name).toBe(`tta-${file.replace(".json", "")}`);
    expect(document.allowedServers).toEqual(Object.keys(document.allowedTools));
  },
);
