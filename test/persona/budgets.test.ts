import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { defaultBudget, readDefaultBudgets } from "../../src/persona/budgets.ts";
import { builtInPersonas } from "../../src/persona/built-in.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

test("a built-in persona may use a thousand times its prompt-size hint a day, and is warned only", () => {
  for (const persona of builtInPersonas()) {
    const tokens = (persona.tokenBudget ?? Number.NaN) * 1000;
    expect(defaultBudget(persona)).toEqual({ tokens, window: "day", isHard: false });
  }
  expect(defaultBudget({})).toBeUndefined();
});

test("the definitions that win say what the default is", () => {
  const root = temporaryDirectory();
  const userDir = join(root, "personas");
  const places = { cwd: root, userDir };
  expect([...readDefaultBudgets(places).keys()]).toEqual(builtInPersonas().map(({ name }) => name));

  mkdirSync(userDir);
  const define = (file: string, text: string) => writeFileSync(join(userDir, file), text);
  define("own.json", '{"name": "own", "budget": {"tokens": 5, "window": "run"}}');
  define("backend.json", '{"name": "backend-engineer"}');
  const budgets = readDefaultBudgets(places);
  expect(budgets.get("own")).toEqual({ tokens: 5, window: "run", isHard: false });
  expect(budgets.has("backend-engineer")).toBe(false);
  expect(budgets.has("devops-engineer")).toBe(true);

  // What only the schema library could read leaves what is built in.
  define("other.yaml", "name: other\n");
  expect(readDefaultBudgets(places).get("backend-engineer")?.tokens).toBe(2_000_000);
});
