import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { builtInHeads } from "../../src/persona/built-in.ts";
import { loadCatalogue } from "../../src/persona/catalogue.ts";
import { readPersonaHeads } from "../../src/persona/heads.ts";
import type { PersonaHead } from "../../src/persona/persona.ts";
import { examples } from "../support/draw-examples.ts";
import { emptyDirectory, plant, type Tree } from "../support/tree.ts";
import { placesIn } from "./places-in.ts";

const TTA = "work/.tta-persona/personas";
const HYPER = "work/.hypertool/personas";

const headsOf = (personas: readonly PersonaHead[]): readonly PersonaHead[] =>
  personas.map(({ name, displayName, icon, origin }) => ({ name, displayName, icon, origin }));

const decidable: readonly [string, Tree, string?][] = [
  ["nothing", {}],
  ["empty directories", { [TTA]: emptyDirectory, [HYPER]: emptyDirectory, user: emptyDirectory }],
  ["the user's own", { "user/a.json": { name: "tta-qa", displayName: "QA", icon: "✅" } }],
  ["defaults", { "user/a.json": { name: "release-captain" } }],
  ["a built-in name taken over", { [`${HYPER}/a.json`]: { name: "tta-backend-engineer", icon: "B" } }],
  [
    "the same name in all places",
    { [`${TTA}/a.json`]: { name: "qa" }, [`${HYPER}/a.json`]: { name: "qa" }, "user/a.json": { name: "qa" } },
  ],
  ["a parent's", { [`${HYPER}/a.json`]: { name: "qa" }, "work/a/b": emptyDirectory }, "work/a/b"],
  [
    "the nearest parent's",
    { [`${HYPER}/a.json`]: { name: "far" }, "work/a/.hypertool/personas/b.json": { name: "near" } },
    "work/a",
  ],
  ["a linked file", { [`${TTA}/a.json`]: { linkTo: "../../real.json" }, "work/real.json": { name: "qa" } }],
  ["a linked directory", { [TTA]: { linkTo: "../shared" }, "work/shared/a.json": { name: "qa" } }],
  ["other files", { [`${TTA}/README.md`]: "#", [`${TTA}/.hidden.json`]: "{", [`${TTA}/a.JSON`]: "{" }],
  ["a key that is there twice", { [`${TTA}/a.json`]: '{"name": "qa", "name": "qb"}' }],
  [
    "deep nesting under an unknown key",
    { [`${TTA}/a.json`]: `{"name":"qa","x":${"[".repeat(999)}${"]".repeat(999)}}` },
  ],
  ["a file where a folder would be", { "work/.tta-persona": "x" }],
];

const undecidable: readonly [string, Tree][] = [
  ["another encoding", { [`${TTA}/a.json`]: Buffer.from('{"name": "qa", "icon": "\xe9"}', "latin1") }],
  ["YAML", { [`${TTA}/a.yaml`]: "name: qa" }],
  ["YAML that is overruled", { [`${TTA}/a.json`]: { name: "qa" }, "user/a.yml": "name: qa" }],
  ["broken JSON", { [`${TTA}/a.json`]: "{" }],
  ["JSON with a byte order mark", { [`${TTA}/a.json`]: '\uFEFF{"name":"qa"}' }],
  ["no name", { [`${TTA}/a.json`]: {} }],
  ["an invalid name", { [`${TTA}/a.json`]: { name: "QA" } }],
  ["a field of another type", { [`${TTA}/a.json`]: { name: "qa", tokenBudget: "2000" } }],
  ["a clash", { [`${TTA}/a.json`]: { name: "qa" }, [`${TTA}/b.json`]: { name: "tta-qa" } }],
  ["a dangling link", { "user/a.json": { linkTo: "gone" } }],
  ["a dangling directory", { [HYPER]: { linkTo: "gone" } }],
  ["a file for a directory", { user: "x" }],
  ["a folder for a file", { "user/a.json": emptyDirectory }],
  ["a device for a file", { "user/a.json": { linkTo: "/dev/zero" } }],
  ["a huge file", { "user/a.json": `{"name":"qa"}${" ".repeat(300_000)}` }],
];

describe("the heads that the hot path reads", () => {
  test.each(decidable)("agree with the catalogue: %s", (_, tree, cwd) => {
    const places = placesIn(plant(tree), cwd);
    const { personas, problems } = loadCatalogue(places);
    expect(problems).toEqual([]);
    expect(readPersonaHeads(places)).toEqual(headsOf(personas));
  });

  test.each(undecidable)("are left to the catalogue: %s", (_, tree) => {
    expect(readPersonaHeads(placesIn(plant(tree)))).toBeUndefined();
  });

  test("are the built-in ones, without a copy, where nobody defined any", () => {
    expect(readPersonaHeads(placesIn(plant({})))).toBe(builtInHeads);
  });

  test("survive a trailing slash and the root directory", () => {
    const root = plant({ [`${TTA}/a.json`]: { name: "qa" } });
    const plain = placesIn(root);
    expect(readPersonaHeads({ cwd: `${plain.cwd}/`, userDir: `${plain.userDir}/` })).toEqual(
      readPersonaHeads(plain),
    );
    expect(readPersonaHeads({ cwd: "/", userDir: plain.userDir })).toBe(builtInHeads);
  });

  test("agree with the catalogue on whatever files there are", () => {
    const directory = fc.constantFrom(TTA, HYPER, "work/sub/.tta-persona/personas", "user");
    const fileName = fc.constantFrom("a.json", "b.json", "qa.json", "notes.txt", "c.yaml");
    const content = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom("qa", "tta-qa", "qb", "backend-engineer").map((name) => ({ name })),
      },
      {
        weight: 1,
        arbitrary: fc.constantFrom<string | object>("{", "name: qa", { name: 1 }, { linkTo: "gone" }),
      },
    );
    const path = fc.tuple(directory, fileName).map((parts) => parts.join("/"));
    let decided = 0;
    fc.assert(
      fc.property(fc.dictionary(path, content, { maxKeys: 5 }), (files) => {
        const places = placesIn(plant({ "work/sub": emptyDirectory, ...files }), "work/sub");
        const heads = readPersonaHeads(places);
        if (heads === undefined) return;
        decided++;
        const { personas, problems } = loadCatalogue(places);
        expect(problems).toEqual([]);
        expect(heads).toEqual(headsOf(personas));
      }),
      { numRuns: examples(150) },
    );
    expect(decided).toBeGreaterThan(30);
  });
});
