import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parseFrontmatter } from "../../src/core/frontmatter.ts";
import { builtInPersonas } from "../../src/persona/built-in.ts";
import { FIELDS, type Field, type PersonaFormat } from "../../src/persona/formats/format.ts";
import { personaFormats } from "../../src/persona/formats/formats.ts";
import { headOf, type Persona } from "../../src/persona/persona.ts";
import { type PersonaFile, personaFileSchema } from "../../src/persona/schema.ts";
import { isOneLine, isText } from "../../src/persona/shape.ts";
import { examples } from "../support/draw-examples.ts";

const origin = { kind: "built-in" } as const;
const personaOf = (definition: PersonaFile): Persona => ({
  ...definition,
  ...headOf(definition, definition.name, origin),
});

const oneLine = fc.string({ maxLength: 30 }).filter(isOneLine);
const anyLine = fc.oneof(
  oneLine,
  fc.constantFrom("yes", "1.10", "a: b", "# x", "- y", "{z}", "'", '"', "ä 🎨", "*", "a/b"),
);
const lines = fc.uniqueArray(anyLine, { maxLength: 4 });
const server = fc.oneof(
  fc.constantFrom("git", "context7", "my-server", "a_b", "a__b", "x.y", "_z", "constructor"),
  oneLine,
);
const tool = fc.oneof(
  fc.constantFrom("status", "git_log", "git_diff*", "*", "a.b", "x__y", "_t", "find?"),
  oneLine,
);

/** Every field, some of the time; names that every format takes. */
const definitions: fc.Arbitrary<PersonaFile> = fc.record(
  {
    name: fc
      .stringMatching(/^[a-z]{2,8}(?:-[a-z]{1,8}){0,2}$/)
      .filter((name) => !/^tta-|^(?:none|other)$/.test(name)),
    displayName: anyLine,
    description: fc
      .oneof(
        fc.string({ maxLength: 700 }),
        fc.constantFrom("", "short", "two\nlines\n", "  padded  ", "---\nx: 1\n---"),
      )
      .filter(isText),
    icon: anyLine,
    tokenBudget: fc.integer({ min: 1, max: 10_000_000 }),
    allowedServers: fc.uniqueArray(server, { maxLength: 4 }),
    allowedTools: fc
      .uniqueArray(fc.tuple(server, fc.array(tool, { maxLength: 4 })), {
        maxLength: 4,
        selector: ([name]) => name,
      })
      .map((entries) => Object.fromEntries(entries)),
    restrictedPaths: lines,
    context: fc.record(
      { primaryLanguage: anyLine, keyFiles: lines, focusAreas: lines },
      { requiredKeys: [] },
    ),
    security: fc.record({ blockList: lines, requireApprovalFor: lines }, { requiredKeys: [] }),
    workflows: fc.record({ default: anyLine, available: lines }, { requiredKeys: [] }),
    budget: fc.record({ tokens: fc.integer({ min: 1 }), window: fc.constantFrom("day", "run") }),
    capture: fc.constantFrom("full", "none"),
  },
  { requiredKeys: ["name"] },
) as fc.Arbitrary<PersonaFile>;

function written(format: PersonaFormat, persona: Persona) {
  const exported = format.write(persona);
  if (!exported.ok) throw new Error(exported.error.message);
  return exported.value;
}

function readBack(format: PersonaFormat, persona: Persona, text: string) {
  const imported = format.read(`/project/${format.pathFor(persona.name)}`, text);
  if (!imported.ok) throw new Error(imported.error.message);
  return imported.value;
}

/** What is left of tools once the lost ones are taken away, each as often as it was told. */
function without(tools: Readonly<Record<string, readonly string[]>>, lost: readonly string[]) {
  const gone = [...lost];
  const kept = Object.entries(tools).map(([name, values]): [string, string[]] => [
    name,
    // From the end: of repeated ones, the first stays.
    values
      .toReversed()
      .filter((value) => {
        const at = gone.indexOf(`${name}/${value}`);
        if (at >= 0) gone.splice(at, 1);
        return at < 0;
      })
      .reverse(),
  ]);
  return Object.fromEntries(kept.filter(([, values]) => values.length > 0));
}

describe.each(personaFormats.map((format) => [format.id, format] as const))("%s", (_, format) => {
  test("gives back the fields that it carries, and its report names all others", () => {
    fc.assert(
      fc.property(definitions, (definition) => {
        const persona = personaOf(definition);
        const { text, carried, lost, added } = written(format, persona);
        const { definition: back } = readBack(format, persona, text);

        const backPersona = personaOf({ ...back, name: back.name ?? "" });
        expect(personaFileSchema.safeParse(back).success).toBe(true);
        expect(backPersona.name).toBe(persona.name);
        for (const field of carried) expect(backPersona[field]).toEqual(persona[field]);
        // Told in one list, or not there, or as it is by default.
        const reported = [...carried, ...lost.map(({ field }) => field)];
        expect(new Set(reported).size).toBe(reported.length);
        for (const field of FIELDS.filter((one) => !reported.includes(one) && !added.includes(one))) {
          expect(backPersona[field]).toEqual(persona[field]);
        }
        for (const { field, values } of lost) {
          expect(backPersona[field]).not.toEqual(persona[field]);
          if (field !== "allowedTools" || values === undefined) continue;
          expect(backPersona.allowedTools ?? {}).toEqual(without(persona.allowedTools ?? {}, values));
        }
      }),
      { numRuns: examples(300) },
    );
  });

  test("detects its own place, and no other format does", () => {
    const file = `/project/${format.pathFor("backend-engineer")}`;
    expect(personaFormats.filter((one) => one.detect(file, "")).map(({ id }) => id)).toEqual([format.id]);
  });

  test.each([
    ["", {}],
    ["---\nname: [\n---\n", undefined],
    ["---\n- a\n---\n", undefined],
    ["---\nname: 5\ndescription: {a: 1}\ntools: 7\nmetadata: 3\nmcpServers: x\ntoolsets: {}\n---\nbody", {}],
  ])("reads what others wrote without falling: %j", (text, definition) => {
    const imported = format.read("/project/1.md", text);
    if (definition === undefined) expect(imported.ok).toBe(false);
    else if (imported.ok)
      expect(personaFileSchema.safeParse({ name: "x-y", ...imported.value.definition }).success).toBe(true);
  });
});

/** The documented rules of each tool for its files. */
const fieldsOf = (text: string): Record<string, unknown> => {
  const parsed = parseFrontmatter(text);
  if (!parsed.ok || parsed.value.source === undefined) throw new Error("no frontmatter");
  expect(parsed.value.body.trim()).not.toBe("");
  return parsed.value.source.value as Record<string, unknown>;
};

const text = (value: unknown) => expect(value).toEqual(expect.stringMatching(/\S/));

const rules: Readonly<Record<string, (text: string, persona: Persona) => void>> = {
  "claude-code": (file) => {
    const fields = fieldsOf(file);
    expect(Object.keys(fields).sort()).toEqual(["description", "mcpServers", "name", "tools"]);
    expect(fields.name).toMatch(/^[a-z]+(?:-[a-z]+)*$/);
    text(fields.description);
    for (const tool of String(fields.tools).split(", ")) {
      expect(tool).toMatch(/^(?:[A-Z][A-Za-z]+|mcp__[A-Za-z0-9_-]+(?:__(?:\*|[A-Za-z0-9_.-]+))?)$/);
    }
    expect(String(fields.tools).split(", ")).toEqual(expect.arrayContaining(["Read", "Edit", "Bash"]));
  },
  copilot: (file) => {
    const { name, description, tools, metadata, ...others } = fieldsOf(file);
    expect(others).toEqual({});
    text(name);
    text(description);
    expect(tools).toEqual(expect.arrayContaining(["read", "edit", "search", "execute"]));
    for (const tool of tools as string[]) expect(tool).toMatch(/^(?:[a-z]+|[^/\s,]+\/(?:\*|[^/\s,*]+))$/);
    for (const value of Object.values(metadata as object)) expect(value).toBeTypeOf("string");
    expect(file.split("\n---\n")[1]?.length).toBeLessThanOrEqual(30_000);
  },
  hypertool: (file, { name }) => {
    const { description, toolsets, defaultToolset, version, ...others } = parse(file);
    expect(others).toEqual({ name });
    expect(name).toMatch(/^[a-z][a-z0-9-]*[a-z0-9]$/);
    expect(description.length).toBeGreaterThanOrEqual(10);
    expect(description.length).toBeLessThanOrEqual(500);
    expect(version).toBeTypeOf("string");
    expect(toolsets.map((set: { name: string }) => set.name)).toEqual([defaultToolset]);
    const ids: string[] = toolsets[0].toolIds;
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-zA-Z][a-zA-Z0-9_-]*(?:\.[a-zA-Z][a-zA-Z0-9_-]*)+$/);
  },
  cursor: (file, { name }) => {
    const { name: stated, description, ...others } = fieldsOf(file);
    expect({ stated, others }).toEqual({ stated: name, others: {} });
    text(description);
  },
  gemini: (file) => {
    const { name, description, kind, ...others } = fieldsOf(file);
    expect({ kind, others }).toEqual({ kind: "local", others: {} });
    expect(name).toMatch(/^[a-z0-9_-]+$/);
    text(description);
  },
  opencode: (file) => {
    const { description, mode, ...others } = fieldsOf(file);
    expect(others).toEqual({});
    expect(["primary", "subagent", "all"]).toContain(mode);
    text(description);
  },
};

const pairs = personaFormats.flatMap((format) => builtInPersonas().map((persona) => ({ format, persona })));

test.each(pairs)("$format.id of $persona.name follows the tool's rules", ({ format, persona }) => {
  rules[format.id]?.(written(format, persona).text, persona);
  expect(Object.keys(rules)).toContain(format.id);
});

test("a name or a length that the tool does not take is refused, not bent", () => {
  const [claude, copilot, hypertool] = personaFormats;
  const named = (name: string, more: Partial<PersonaFile> = {}) => personaOf({ name, ...more });
  expect(claude?.write(named("web3-dev"))).toMatchObject({
    ok: false,
    error: { hint: expect.stringContaining("--name") },
  });
  expect(hypertool?.write(named("a"))).toMatchObject({ ok: false });
  const keyFiles = Array.from({ length: 2000 }, (_, index) => `src/a-long-folder-name/file-${index}.ts`);
  expect(copilot?.write(named("big", { context: { keyFiles } }))).toMatchObject({ ok: false });
});

test("tools of the tool itself and other fields are told, not dropped silently", () => {
  const [claude] = personaFormats;
  const imported = claude?.read(
    "/project/.claude/agents/reviewer.md",
    "---\nname: reviewer\ndescription: Reviews.\ntools: Read, mcp__git__git_log\nmodel: opus\n---\nYou review.\n",
  );
  expect(imported).toMatchObject({
    ok: true,
    value: {
      definition: { name: "reviewer", description: "Reviews.", allowedTools: { git: ["git_log"] } },
      ignored: [{ field: "tools" }, { field: "model" }, { field: "instructions" }],
    },
  });
});

test("what only stands in words is told as such", () => {
  const [backend] = builtInPersonas();
  if (backend === undefined) throw new Error("no persona");
  const { lost, text: file } = written(personaFormats[0] as PersonaFormat, backend);
  const told = lost.filter(({ isTold }) => isTold).map(({ field }): Field => field);
  expect(told).toEqual(["restrictedPaths", "context", "security"]);
  for (const path of backend.restrictedPaths ?? []) expect(file).toContain(path);
});
