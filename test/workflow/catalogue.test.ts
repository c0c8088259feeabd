import path from "node:path";
import { describe, expect, test } from "vitest";
import { loadWorkflows, resolveWorkflow } from "../../src/workflow/catalogue.ts";
import { emptyDirectory, plant, type Tree } from "../support/tree.ts";
import { told } from "./files.ts";

const PROJECT = "work/.tta-persona/workflows";
const flow = (name: string) => `name: ${name}\nstages: [{ id: a, persona: qa, run: x }]\n`;

function load(tree: Tree, cwd = "work") {
  const root = plant({ "work/.keep": "", ...tree });
  const places = {
    cwd: path.join(root, cwd),
    userDir: path.join(root, "user"),
    builtInDir: path.join(root, "built-in"),
  };
  const catalogue = loadWorkflows(places);
  const relative = ({ kind, file }: { readonly kind: string; readonly file: string }) =>
    `${kind} ${path.relative(root, file)}`;
  return {
    catalogue,
    /** Name, origin, and what is shadowed. */
    found: catalogue.entries.map(({ workflow, shadows }) => [
      workflow.name,
      relative(workflow.origin),
      ...(shadows === undefined ? [] : [relative(shadows)]),
    ]),
    problems: catalogue.problems.map(
      (problem) => `${path.relative(root, problem.file)}: ${told(problem, root)}`,
    ),
    resolve: (name: string) => resolveWorkflow(name, catalogue),
  };
}

describe("where workflows come from", () => {
  test("nowhere, when there are none", () => {
    expect(load({}).catalogue).toEqual({ entries: [], problems: [], broken: new Map() });
  });

  test("project over user over built-in, and what shadows a built-in one says so", () => {
    const { found, problems } = load({
      "built-in/a.yaml": flow("a"),
      "built-in/b.yaml": flow("b"),
      "built-in/c.yaml": flow("c"),
      "user/x.yml": flow("b"),
      "user/c.yaml": flow("c"),
      "user/mine.yaml": flow("mine"),
      [`${PROJECT}/c.yaml`]: flow("c"),
      [`${PROJECT}/mine.yaml`]: flow("mine"),
    });
    expect(problems).toEqual([]);
    expect(found).toEqual([
      ["a", "built-in built-in/a.yaml"],
      ["b", "user user/x.yml", "built-in built-in/b.yaml"],
      ["c", `project ${PROJECT}/c.yaml`, "built-in built-in/c.yaml"],
      ["mine", `project ${PROJECT}/mine.yaml`],
    ]);
  });

  test("the nearest parent that has a directory for them, even an empty one", () => {
    const tree: Tree = {
      [`${PROJECT}/a.yaml`]: flow("a"),
      "work/near/.tta-persona/workflows": emptyDirectory,
      "work/other/.tta-persona/personas": emptyDirectory,
    };
    expect(load(tree, "work/other").found).toEqual([["a", `project ${PROJECT}/a.yaml`]]);
    expect(load(tree, "work/near").found).toEqual([]);
  });

  test("the user's directory is not the project's, wherever one stands", () => {
    const root = plant({ ".tta-persona/workflows/a.yaml": flow("a") });
    const userDir = path.join(root, ".tta-persona/workflows");
    const { entries } = loadWorkflows({ cwd: root, userDir, builtInDir: path.join(root, "none") });
    expect(entries.map(({ workflow }) => workflow.origin.kind)).toEqual(["user"]);
  });

  test("other files and hidden ones are passed over", () => {
    const tree = { [`${PROJECT}/.a.yaml`]: "[", [`${PROJECT}/a.json`]: "{", [`${PROJECT}/run.sh`]: "x" };
    expect(load(tree)).toMatchObject({ found: [], problems: [] });
  });
});

describe("a broken file", () => {
  test.each<[string, Tree[string]]>([
    ["by the name that it states", "name: a\nstages: 5\n"],
    ["by the name in its text", "name: a\nstages: [\n"],
    ["by its file name", ""],
    ["by the name of the directory in its place", emptyDirectory],
  ])("never gives way to a lower place: %s", (_, content) => {
    const { catalogue, resolve } = load({ "built-in/a.yaml": flow("a"), [`${PROJECT}/a.yaml`]: content });
    expect(catalogue.problems).toHaveLength(1);
    expect(resolve("a")).toMatchObject({
      kind: "broken",
      problem: { file: expect.stringContaining(PROJECT) },
    });
  });

  test("does not matter below a good one, and hides no other", () => {
    const { resolve, problems, found } = load({
      "user/a.yaml": "[",
      "user/b.yaml": flow("b"),
      [`${PROJECT}/a.yaml`]: flow("a"),
    });
    expect(problems).toHaveLength(1);
    expect(resolve("a").kind).toBe("found");
    expect(found.map(([name]) => name)).toEqual(["a", "b"]);
  });

  test("two files of one name: neither counts, and nothing below does", () => {
    const { problems, resolve } = load({
      "built-in/a.yaml": flow("a"),
      "user/1.yaml": flow("a"),
      "user/2.yaml": flow("a"),
    });
    expect(problems).toEqual(["user/2.yaml: defines a, and so does user/1.yaml"]);
    expect(resolve("a").kind).toBe("broken");
  });

  test("a place that is no directory is told", () => {
    expect(load({ [PROJECT]: "a file", user: { linkTo: "gone" } }).problems).toEqual([
      `${PROJECT}: cannot be read (ENOTDIR)`,
      "user: cannot be read (ENOENT)",
    ]);
  });
});

test("a name is never guessed, only suggested, broken ones included", () => {
  const { resolve } = load({ "user/deploy.yaml": flow("deploy"), "user/release.yaml": "[" });
  expect(resolve("deplo")).toEqual({ kind: "unknown", suggestions: ["deploy"] });
  expect(resolve("relaese")).toEqual({ kind: "unknown", suggestions: ["release"] });
  expect(resolve("x")).toEqual({ kind: "unknown", suggestions: [] });
});
