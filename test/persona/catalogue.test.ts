import path from "node:path";
import { describe, expect, test } from "vitest";
import { loadCatalogue, type PersonaProblem, resolveInCatalogue } from "../../src/persona/catalogue.ts";
import { emptyDirectory, plant, type Tree } from "../support/tree.ts";
import { placesIn } from "./places-in.ts";

function load(tree: Tree, cwd?: string) {
  const root = plant(tree);
  const catalogue = loadCatalogue(placesIn(root, cwd));
  const where = (name: string) => {
    const origin = catalogue.personas.find((persona) => persona.name === name)?.origin;
    return origin && ("file" in origin ? `${origin.kind} ${path.relative(root, origin.file)}` : origin.kind);
  };
  /** `file:line:column message`, the file relative to the tree. */
  const told = ({ file, line, column, message }: PersonaProblem) =>
    [path.relative(root, file), line, column].filter((part) => part !== undefined).join(":") +
    ` ${message.replaceAll(`${root}/`, "")}`;
  return { root, catalogue, where, problems: catalogue.problems.map(told) };
}

const HYPER = "work/.hypertool/personas";
const TTA = "work/.tta-persona/personas";
const qa = (displayName: string) => ({ name: "tta-qa", displayName });

describe("where personas come from", () => {
  test("the built-in ones are always there", () => {
    const { catalogue, where } = load({});
    expect(catalogue).toMatchObject({ problems: [], broken: new Map() });
    expect(catalogue.personas.map(({ name }) => name)).toHaveLength(6);
    expect(where("backend-engineer")).toBe("built-in");
  });

  test("project over user over built-in, .tta-persona over .hypertool", () => {
    const { where, problems } = load({
      [`${TTA}/a.yaml`]: "name: qa\n",
      [`${HYPER}/a.json`]: qa("hypertool"),
      [`${HYPER}/b.json`]: { name: "backend-engineer" },
      "user/a.yml": "name: tta-qa\n",
      "user/b.json": { name: "backend-engineer" },
      "user/c.json": { name: "data-scientist" },
    });
    expect(problems).toEqual([]);
    expect(where("qa")).toBe(`project ${TTA}/a.yaml`);
    expect(where("backend-engineer")).toBe(`project ${HYPER}/b.json`);
    expect(where("data-scientist")).toBe("user user/c.json");
  });

  test("only the nearest parent that has a persona directory counts, even an empty one", () => {
    const tree: Tree = {
      [`${HYPER}/a.json`]: qa("far"),
      "work/near/.tta-persona/personas": emptyDirectory,
      "work/other/deep": emptyDirectory,
      "work/settings/.tta-persona/settings.yaml": "",
    };
    expect(load(tree, "work/other/deep").where("qa")).toBe(`project ${HYPER}/a.json`);
    expect(load(tree, "work/settings").where("qa")).toBe(`project ${HYPER}/a.json`);
    expect(load(tree, "work/near").where("qa")).toBeUndefined();
  });

  test("the user's directory is not the project's, wherever one stands", () => {
    const root = plant({ ".tta-persona/personas/a.json": qa("mine"), work: emptyDirectory });
    const userDir = path.join(root, ".tta-persona/personas");
    const { personas } = loadCatalogue({ cwd: path.join(root, "work"), userDir });
    expect(personas.find(({ name }) => name === "qa")?.origin.kind).toBe("user");
  });

  test("other files, hidden ones, and a file where a folder would be are passed over", () => {
    const { problems } = load({
      [`${HYPER}/README.md`]: "# personas",
      [`${HYPER}/.#a.json`]: { linkTo: "someone@host.1" },
      "work/sub/.tta-persona": "not a folder",
    });
    expect(problems).toEqual([]);
    expect(load({ "work/.hypertool": "a file", "work/.tta-persona": "a file" }).problems).toEqual([]);
  });
});

describe("what a persona says", () => {
  test("YAML and JSON mean the same, and unknown keys do no harm", () => {
    const { catalogue, root } = load({
      [`${TTA}/a.yaml`]: [
        "name: tta-security-auditor # comment",
        "icon: 🔒",
        "tokenBudget: 900",
        "allowedTools: { github: [search_*] }",
        "budget: { tokens: 10, window: week }",
        "somethingNew: [1, 2]",
        "",
      ].join("\n"),
    });
    expect(catalogue.personas.find(({ name }) => name === "security-auditor")).toEqual({
      name: "security-auditor",
      displayName: "Security Auditor",
      icon: "🔒",
      tokenBudget: 900,
      allowedTools: { github: ["search_*"] },
      budget: { tokens: 10, window: "week" },
      origin: { kind: "project", file: `${root}/${TTA}/a.yaml` },
    });
  });

  test("a byte order mark is no error", () => {
    const { problems, where } = load({
      [`${TTA}/a.json`]: `\uFEFF{"name": "qa"}`,
      [`${TTA}/b.yaml`]: "\uFEFFname: qb\n",
    });
    expect(problems).toEqual([]);
    expect([where("qa"), where("qb")]).not.toContain(undefined);
  });
});

describe("a broken file", () => {
  test.each<[string, string, string]>([
    ["a.json", '{\n  "name": "qa",\n}\n', "3:1 expected a key in double quotes"],
    ["a.json", "", "1:1 expected a value, found the end of the file"],
    ["a.json", '{\r\n  "name": "qa",\r\n  "icon": 5\r\n}', "3:11 icon: expected string, received number"],
    ["a.json", '{"displayName": "QA"}', "1:1 name is missing"],
    ["a.json", "[]", "1:1 expected object, received array"],
    [
      "a.json",
      '{"name": "QA!"}',
      "1:10 name: expected a kebab-case name of at most 64 letters, not a reserved word",
    ],
    [
      "a.json",
      '{"name": "qa",\n "allowedTools": {"github": ["a", 1]}}',
      "2:35 allowedTools.github[1]: expected string, received number",
    ],
    [
      "a.json",
      '{"name": "qa", "budget": {"tokens": 0, "window": "day"}}',
      "1:37 budget.tokens: expected number to be >0",
    ],
    [
      "a.json",
      '{"name": "qa", "budget": {"tokens": 1, "window": "hour"}}',
      '1:50 budget.window: expected one of "day"|"week"|"month"|"run"',
    ],
    [
      "a.json",
      '{"name": "qa", "budget": {"tokens": 1}}',
      '1:26 budget.window: expected one of "day"|"week"|"month"|"run"',
    ],
    ["a.json", '{"name": "qa", "icon": 1, "icon": 2}', "1:35 icon: expected string, received number"],
    ["a.yaml", "name: qa\nicon: 5\n", "2:7 icon: expected string, received number"],
    [
      "a.yaml",
      "name: qa\ncontext:\n  frameworks: React\n",
      "3:15 context.frameworks: expected array, received string",
    ],
    ["a.yaml", "icon: Q\n", "1:1 name is missing"],
    ["a.yaml", "", "1:1 expected object, received null"],
    [
      "a.yaml",
      "name: qa\nicon: [1\n",
      "3:1 Flow sequence in block collection must be sufficiently indented and end with a ]",
    ],
    ["a.yaml", "name: qa\nname: qb\n", "2:1 Map keys must be unique"],
    ["a.yaml", "name: *nobody\n", "1:1 Unresolved alias (the anchor must be set before the alias): nobody"],
  ])("%s %j is told with its position", (name, text, problem) => {
    const { problems, catalogue } = load({
      [`${TTA}/${name}`]: text,
      [`${TTA}/good.json`]: { name: "good" },
    });
    expect(problems).toEqual([`${TTA}/${name}:${problem}`]);
    expect(catalogue.problems[0]?.hint).toMatch(/\.$/);
    expect(catalogue.personas.map((persona) => persona.name)).toContain("good");
  });

  test("several mistakes are told in the order of the file", () => {
    const { problems } = load({ [`${TTA}/a.yaml`]: "workflows: none\nname: qa\nicon: 5\n" });
    expect(problems).toEqual([
      `${TTA}/a.yaml:1:12 workflows: expected object, received string`,
      `${TTA}/a.yaml:3:7 icon: expected string, received number`,
    ]);
  });

  test.each<[string, Tree, string]>([
    [
      "a dangling link",
      { [`${TTA}/a.json`]: { linkTo: "gone.json" } },
      "a.json a link to a file that does not exist",
    ],
    ["a link to itself", { [`${TTA}/a.json`]: { linkTo: "a.json" } }, "a.json cannot be read (ELOOP)"],
    ["a folder with the name of a file", { [`${TTA}/a.json`]: emptyDirectory }, "a.json not a regular file"],
    ["a device", { [`${TTA}/a.yaml`]: { linkTo: "/dev/zero" } }, "a.yaml not a regular file"],
    ["a huge file", { [`${TTA}/a.json`]: " ".repeat(300_000) }, "a.json longer than 256 Ki characters"],
  ])("%s is a problem, not a crash", (_, tree, problem) => {
    expect(load(tree).problems).toEqual([`${TTA}/${problem}`]);
  });

  test.each([
    ["json", "["],
    ["yaml", "["],
    ["yaml", "- "],
    ["yaml", "? "],
    ["yaml", "a: {"],
  ])("deep nesting in %s (%j) is a problem, not a crash", (format, mark) => {
    expect(load({ [`${TTA}/a.${format}`]: mark.repeat(50_000) }).problems).toEqual([
      expect.stringMatching(/a\.\w+:1:\d+ nested too deeply$/),
    ]);
  });

  test("aliases cannot be made to explode", () => {
    const lines = Array.from({ length: 12 }, (_, level) => {
      const inner = level === 0 ? "x" : `*a${level - 1}`;
      return `a${level}: &a${level} [${Array(9).fill(inner).join(", ")}]`;
    });
    const { problems } = load({ [`${TTA}/a.yaml`]: ["name: qa", ...lines, ""].join("\n") });
    expect(problems).toEqual([expect.stringContaining("a.yaml:1:1 Excessive alias count")]);
  });

  test("a directory that cannot be opened is told, and the rest still counts", () => {
    const dangling = load({ [TTA]: { linkTo: "gone" }, "user/a.json": qa("mine") });
    expect(dangling.problems).toEqual([`${TTA} cannot be read (ENOENT)`]);
    expect(dangling.where("qa")).toBe("user user/a.json");
    expect(load({ user: "a file" }).problems).toEqual(["user cannot be read (ENOTDIR)"]);
  });
});

describe("two files of one directory that define the same persona", () => {
  test("are told, and neither counts", () => {
    const { problems, where, catalogue } = load({
      [`${TTA}/a.json`]: qa("a"),
      [`${TTA}/b.yaml`]: "name: qa\n",
    });
    expect(problems).toEqual([`${TTA}/b.yaml defines qa, and so does ${TTA}/a.json`]);
    expect(where("qa")).toBeUndefined();
    expect(resolveInCatalogue("qa", catalogue)).toMatchObject({ kind: "broken", name: "qa" });
  });
});

describe("a broken definition never gives way silently", () => {
  test.each<[string, string]>([
    [`${HYPER}/tta-backend-engineer.json`, "{"],
    [`${HYPER}/backend.json`, "{"],
    [`${TTA}/mine.yaml`, "name: backend-engineer\nicon: 5\n"],
    [`${TTA}/mine.yaml`, "name: backend-engineer\nicon: [\n"],
    [`${TTA}/mine.json`, '{"icon": 5, "name": "tta-backend-engineer",}'],
    ["user/Backend-Engineer.json", ""],
  ])("%s with %j", (file, text) => {
    const { catalogue } = load({ [file]: text });
    for (const input of ["backend-engineer", "tta-backend-engineer", "backend", "back"]) {
      const resolution = resolveInCatalogue(input, catalogue);
      expect(resolution).toMatchObject({ kind: "broken", name: "backend-engineer" });
      expect(resolution).toMatchObject({ problem: { file: expect.stringContaining(file) } });
    }
    expect(resolveInCatalogue("frontend", catalogue)).toMatchObject({ kind: "found" });
  });

  test("to a longer name that begins the same", () => {
    const { catalogue } = load({
      [`${TTA}/data-steward.json`]: "{",
      [`${TTA}/b.json`]: { name: "data-steward-eu" },
    });
    expect(resolveInCatalogue("data-steward", catalogue)).toMatchObject({ kind: "broken" });
    expect(resolveInCatalogue("data-ste", catalogue)).toEqual({
      kind: "ambiguous",
      candidates: ["data-steward-eu", "data-steward"],
    });
  });

  test("but a good one of higher precedence makes it irrelevant", () => {
    const { catalogue, problems } = load({ [`${TTA}/a.json`]: qa("good"), "user/qa.json": "{" });
    expect(problems).toHaveLength(1);
    expect(resolveInCatalogue("qa", catalogue)).toMatchObject({
      kind: "found",
      persona: { displayName: "good" },
    });
  });

  test("and a name that its text states is believed over its file name", () => {
    const { catalogue } = load({ [`${TTA}/backend-engineer.json`]: { name: "qa", icon: 5 } });
    expect(resolveInCatalogue("backend", catalogue)).toMatchObject({ kind: "found" });
    expect(resolveInCatalogue("qa", catalogue)).toMatchObject({ kind: "broken" });
  });

  test("suggestions reach broken ones as well", () => {
    const { catalogue } = load({ [`${TTA}/security-auditor.json`]: "{" });
    expect(resolveInCatalogue("secruity-auditor", catalogue)).toEqual({
      kind: "unknown",
      suggestions: ["security-auditor"],
    });
  });
});
