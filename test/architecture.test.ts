import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { repositoryRoot } from "./support/run-binary.ts";
import { parseSource, readSources, roomOf, type SourceFile } from "./support/source-tree.ts";

/** Who may import whom, besides themselves. `docs/architecture.md` has the picture. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  journal: ["core"],
  config: ["core"],
  projection: ["journal", "core"],
  backend: ["projection", "core"],
  sink: ["projection", "backend", "journal", "core"],
  persona: ["projection", "journal", "core"],
  apply: ["projection", "journal", "core"],
  llm: ["projection", "backend", "journal", "core"],
  workflow: ["projection", "backend", "journal", "core"],
  delivery: ["sink", "persona", "projection", "backend", "journal", "config", "core"],
  guard: ["persona", "llm", "projection", "journal", "config", "core"],
  hot: ["persona", "apply", "projection", "delivery", "journal", "config", "core"],
  cli: [
    "guard",
    "persona",
    "apply",
    "workflow",
    "llm",
    "delivery",
    "sink",
    "projection",
    "backend",
    "journal",
    "config",
    "core",
  ],
};

/** Where a room is open to another one only in part. */
const onlyThese: readonly {
  readonly from: string;
  readonly to: string;
  readonly modules: readonly string[];
}[] = [
  { from: "backend", to: "projection", modules: ["metric-family"] },
  {
    from: "hot",
    to: "persona",
    modules: ["names", "heads", "persona", "places", "session-text", "switch-persona"],
  },
  // Neither the catalogue nor a schema library, which an agent would wait for before each of its steps.
  {
    from: "guard",
    to: "persona",
    modules: ["built-in", "chatmode", "heads", "limits", "persona", "places", "project-persona", "schema"],
  },
  { from: "guard", to: "projection", modules: ["guard-facts", "session", "session-store", "shell-scope"] },
  { from: "guard", to: "llm", modules: ["call-place"] },
  { from: "guard", to: "config", modules: ["settings", "trust"] },
  { from: "hot", to: "projection", modules: ["session", "session-store", "shell-scope"] },
  { from: "hot", to: "delivery", modules: ["spawn-deliverer", "notice"] },
  { from: "hot", to: "config", modules: ["settings"] },
  { from: "hot", to: "apply", modules: ["apply", "places", "plan", "result", "result-text", "targets"] },
  // The deliverer's entry is a program of its own, and says which personas there are.
  { from: "delivery", to: "persona", modules: ["heads", "built-in", "budgets"] },
];

/** Vendor packages: the files that load them, and the room in which their types may be seen. */
const vendors: readonly {
  readonly name: RegExp;
  readonly room: string;
  readonly files: readonly string[];
}[] = [
  { name: /^prom-client$/, room: "backend", files: ["backend/prom-client.ts"] },
  {
    name: /^@opentelemetry\/exporter-trace-otlp-proto$/,
    room: "backend",
    files: ["backend/otlp-exporter-protobuf.ts"],
  },
  {
    name: /^@opentelemetry\/exporter-trace-otlp-http$/,
    room: "backend",
    files: ["backend/otlp-exporter-json.ts"],
  },
  {
    name: /^(@opentelemetry\/exporter-trace-otlp-grpc|@grpc\/grpc-js)$/,
    room: "backend",
    files: ["backend/otlp-grpc.ts"],
  },
  { name: /^@opentelemetry\/resources$/, room: "backend", files: ["backend/otlp-span.ts"] },
  { name: /^@opentelemetry\/api$/, room: "backend", files: ["backend/otlp-export.ts"] },
  { name: /^@opentelemetry\//, room: "backend", files: [] },
  { name: /^langfuse$/, room: "backend", files: ["backend/langfuse-package.ts"] },
  { name: /^jsonc-parser$/, room: "guard", files: ["guard/hook-settings.ts"] },
  { name: /^conf$/, room: "config", files: ["config/config-store.ts"] },
  { name: /^commander$/, room: "cli", files: ["cli/program.ts", "cli/run.ts"] },
  { name: /^@inquirer\/core$/, room: "cli", files: ["cli/pick/persona-picker.ts"] },
  { name: /^chalk$/, room: "cli", files: ["cli/context.ts"] },
  { name: /^yaml$/, room: "core", files: ["core/source.ts", "core/yaml-text.ts"] },
  { name: /^jsonc-parser$/, room: "core", files: ["core/jsonc.ts"] },
  { name: /^zod$/, room: "core", files: [] },
  { name: /^zod$/, room: "persona", files: ["persona/chatmode-schema.ts", "persona/schema.ts"] },
  {
    name: /^zod$/,
    room: "workflow",
    files: [
      "workflow/mapping.ts",
      "workflow/model-schema.ts",
      "workflow/schema.ts",
      "workflow/schema-text.ts",
    ],
  },
  { name: /^@pydantic\/genai-prices$/, room: "llm", files: ["llm/price-package.ts"] },
  { name: /^ai$/, room: "llm", files: ["llm/ai-sdk.ts"] },
  { name: /^@ai-sdk\/openai$/, room: "llm", files: ["llm/provider-openai.ts"] },
  { name: /^@ai-sdk\/anthropic$/, room: "llm", files: ["llm/provider-anthropic.ts"] },
  { name: /^@ai-sdk\/openai-compatible$/, room: "llm", files: ["llm/provider-compatible.ts"] },
  { name: /^zod$/, room: "llm", files: ["llm/price-schema.ts", "llm/report-schema.ts"] },
  { name: /^jsonc-parser$/, room: "apply", files: ["apply/jsonc.ts"] },
  { name: /^diff$/, room: "apply", files: ["apply/diff.ts"] },
  { name: /^zod$/, room: "journal", files: ["journal/fact-schema.ts"] },
  {
    name: /^zod$/,
    room: "cli",
    files: [
      "cli/alerts-shapes.ts",
      "cli/apply-shapes.ts",
      "cli/budget-shapes.ts",
      "cli/dashboard-shapes.ts",
      "cli/init-shapes.ts",
      "cli/definition-shapes.ts",
      "cli/guard-shapes.ts",
      "cli/json-document.ts",
      "cli/json-shapes.ts",
      "cli/langfuse-shapes.ts",
      "cli/llm-shapes.ts",
      "cli/migration-shapes.ts",
      "cli/run-shapes.ts",
      "cli/session-shapes.ts",
      "cli/workflow-shapes.ts",
    ],
  },
];

/** What only some files may do. Types and comments do not count. */
const walls: readonly { readonly what: RegExp; readonly why: string; readonly files: readonly string[] }[] = [
  {
    what: /\bprocess\.env\b/,
    why: "the environment is handed in",
    files: ["core/environment.ts", "backend/without-otlp-environment.ts"],
  },
  { what: /\bDate\.now\b|\bnew Date\(\)/, why: "the clock is handed in", files: ["core/clock.ts"] },
  {
    what: /\bprocess\.cwd\b/,
    why: "the working directory is handed in",
    files: ["cli/main.ts", "guard/main.ts", "hot/main.ts", "hot/apply-main.ts"],
  },
  {
    what: /\bprocess\.exit\(/,
    why: "exit codes are set, so that output is not cut off",
    files: ["cli/main.ts", "delivery/main.ts"],
  },
  { what: /\bconsole\./, why: "nobody prints but the output module", files: [] },
  {
    what: /\bprocess\.(?:stdout|stderr)\b/,
    why: "it costs a hot command what it may take in all",
    files: [],
  },
  {
    what: /\bwriteText\(/,
    why: "nobody prints but the output module",
    files: [
      "core/output.ts",
      "cli/output.ts",
      "guard/main.ts",
      "hot/main.ts",
      "hot/apply-main.ts",
      "hot/find-switch.ts",
    ],
  },
];

const MAX_LINES = 300;
const HOT_BUNDLE_BYTES = 60_000;
const APPLY_BUNDLE_BYTES = 100_000;

const sources = readSources();

describe("the sources", () => {
  test("lie in known rooms", () => {
    expect([...new Set(sources.map(({ room }) => room))].sort()).toEqual(Object.keys(mayImport).sort());
  });

  test("import only what their room may", () => {
    expect(sources.flatMap(forbiddenImports)).toEqual([]);
  });

  test("import vendor packages in their places only", () => {
    expect(sources.flatMap(misplacedVendors)).toEqual([]);
  });

  test.each(walls)("$what only where it belongs: $why", ({ what, files }) => {
    const found = sources.filter(({ code }) => what.test(code)).map(({ path }) => path);
    expect(found.filter((path) => !files.includes(path))).toEqual([]);
  });

  test("have files that can be read in one go, named in kebab-case", () => {
    const tooLong = sources.filter(({ text }) => text.split("\n").length - 1 > MAX_LINES);
    expect(tooLong.map(({ path }) => path)).toEqual([]);
    const odd = sources.filter(({ path }) => !/^(?:[a-z0-9-]+\/)+[a-z0-9-]+\.ts$/.test(path));
    expect(odd.map(({ path }) => path)).toEqual([]);
  });
});

describe("the rules", () => {
  const source = (path: string, text: string) => parseSource(path, text);

  test("see every kind of import", () => {
    const text = [
      'import fs from "node:fs";',
      'import type { A } from "../core/a.ts";',
      "import {\n  one,\n  type Two,\n} from '../core/b.ts';",
      'export { three } from "./c.ts";',
      'export * from "../sink/d.ts";',
      'import "./e.ts";',
      'const late = await import("../delivery/f.ts");',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source that is looked at
      "const live = import(`./commands/${name}.ts`);",
    ].join("\n");
    expect(source("journal/x.ts", text).imports.map(({ target }) => target)).toEqual([
      "node:fs",
      "core/a.ts",
      "core/b.ts",
      "journal/c.ts",
      "sink/d.ts",
      "journal/e.ts",
      "delivery/f.ts",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source that is looked at
      "journal/commands/${name}.ts",
    ]);
    expect(() => source("journal/x.ts", "await import(name)")).toThrow("journal/x.ts");
  });

  test.each([
    ["journal/x.ts", 'import { a } from "../projection/session.ts";'],
    ["core/x.ts", 'import type { a } from "../journal/fact.ts";'],
    ["sink/x.ts", 'const a = await import("../delivery/engine.ts");'],
    ["backend/x.ts", 'import type { a } from "../projection/ledger.ts";'],
    ["hot/x.ts", 'import { a } from "../persona/catalogue.ts";'],
    ["hot/x.ts", 'import { a } from "../cli/route.ts";'],
    ["cli/x.ts", 'import { a } from "../hot/main.ts";'],
    ["projection/x.ts", 'import { a } from "../../scripts/build.mjs";'],
  ])("turn down what %s must not do: %s", (path, text) => {
    expect(forbiddenImports(source(path, text))).toHaveLength(1);
  });

  test.each([
    ["sink/x.ts", 'import type { Registry } from "prom-client";'],
    ["backend/x.ts", 'import { Registry } from "prom-client";'],
    ["backend/x.ts", 'import { NodeSDK } from "@opentelemetry/sdk-node";'],
    ["journal/x.ts", 'import { z } from "zod";'],
    ["core/x.ts", 'import got from "got";'],
  ])("turn down the vendor package in %s: %s", (path, text) => {
    expect(misplacedVendors(source(path, text))).toHaveLength(1);
  });

  test("know that types and comments do nothing", () => {
    const { code } = source(
      "core/x.ts",
      "// process.env\n/** Date.now() */\nexport type A = typeof process.env;\n",
    );
    expect(code.trim()).toBe("");
  });
});

/** The guard's holds what masks a path, too. */
const GUARD_BUNDLE_BYTES = 94_000;

test("the guard's bundle loads node:fs, and more only where it has to; it is small, and our own", async () => {
  const bundle = readFileSync(join(repositoryRoot, "dist/guard.cjs"), "utf8");
  expect(bundle).not.toMatch(/\brequire\(|\bimport\(/);
  const builtins = [...bundle.matchAll(/getBuiltinModule\(([^)]*)\)/g)].map(([, name]) => name);
  expect(builtins.sort()).toEqual(['"node:crypto"', '"node:fs"', '"node:os"']);
  expect(bundle.length).toBeLessThan(GUARD_BUNDLE_BYTES);
  const { metafile } = await build({
    absWorkingDir: repositoryRoot,
    entryPoints: ["src/guard/main.ts"],
    bundle: true,
    platform: "node",
    format: "cjs",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  expect(Object.keys(metafile.inputs).filter((path) => !/^(?:src|personas)\//.test(path))).toEqual([]);
});

describe("the hot bundle", () => {
  const bundle = readFileSync(join(repositoryRoot, "dist/hot.cjs"), "utf8");

  test("loads node:fs; a process or the host's name only where it has to", () => {
    expect(bundle).not.toMatch(/\brequire\(/);
    expect(bundle).not.toMatch(/\bimport\(/);
    const builtins = [...bundle.matchAll(/getBuiltinModule\(([^)]*)\)/g)].map(([, name]) => name);
    expect(builtins.sort()).toEqual(['"node:child_process"', '"node:fs"', '"node:os"']);
  });

  test("and the one beside it, for applying a switch, load no more of Node, and no YAML", () => {
    const beside = readFileSync(join(repositoryRoot, "dist/apply.cjs"), "utf8");
    expect(beside).not.toMatch(/\brequire\(|\bimport\(/);
    const builtins = [...beside.matchAll(/getBuiltinModule\(([^)]*)\)/g)].map(([, name]) => name);
    expect(builtins.sort()).toEqual(['"node:child_process"', '"node:fs"', '"node:os"']);
    expect(beside.length).toBeLessThan(APPLY_BUNDLE_BYTES);
  });

  test("is small", () => {
    expect(bundle.length).toBeLessThan(HOT_BUNDLE_BYTES);
  });

  test("is made of our own modules alone", async () => {
    const { metafile } = await build({
      absWorkingDir: repositoryRoot,
      entryPoints: ["src/hot/main.ts"],
      bundle: true,
      platform: "node",
      format: "cjs",
      write: false,
      metafile: true,
      logLevel: "silent",
    });
    const foreign = Object.keys(metafile.inputs).filter((path) => !/^(?:src|personas)\//.test(path));
    expect(foreign).toEqual([]);
    const loaded = Object.values(metafile.outputs).flatMap((output) =>
      output.imports.map(({ path }) => path),
    );
    expect([...new Set(loaded)]).toEqual(["node:fs"]);
    // Neither workflow runs nor totals nor masking are anything that a switch needs.
    const weighing = Object.values(metafile.outputs).flatMap(({ inputs }) =>
      Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
    );
    expect(weighing).toContain("src/projection/session.ts");
    expect(weighing.filter((path) => /\/(?:runs?-?|totals|secret-|mask\.)/.test(path))).toEqual([]);
  });
});

function forbiddenImports(file: SourceFile): string[] {
  return file.imports
    .filter(({ target, isOwn }) => isOwn && !isAllowed(file, target))
    .map(({ target }) => `${file.path} imports ${target}`);
}

function isAllowed(file: SourceFile, target: string): boolean {
  // The built-in personas are data beside the sources.
  if (target.startsWith("../"))
    return file.path === "persona/built-in.ts" && /^\.\.\/personas\//.test(target);
  const room = roomOf(target);
  if (room === file.room) return true;
  const part = onlyThese.find(({ from, to }) => from === file.room && to === room);
  if (part !== undefined && !part.modules.includes(target.slice(room.length + 1, -".ts".length)))
    return false;
  return mayImport[file.room]?.includes(room) === true;
}

function misplacedVendors(file: SourceFile): string[] {
  return file.imports
    .filter(({ target, isOwn }) => !isOwn && !target.startsWith("node:"))
    .filter(({ target, isTypeOnly }) => {
      // More than one room may have a place for a package; the first rule for a name in a room counts.
      const rule = vendors.find(({ name, room }) => name.test(target) && room === file.room);
      return rule === undefined || !(isTypeOnly || rule.files.includes(file.path));
    })
    .map(({ target }) => `${file.path} imports ${target}`);
}

test("every file that a rule names is there", () => {
  const named = [
    ...vendors.flatMap(({ files }) => files),
    ...walls.flatMap(({ files }) => files),
    ...onlyThese.flatMap(({ to, modules }) => modules.map((module) => `${to}/${module}.ts`)),
  ];
  expect(named.filter((path) => !existsSync(join(repositoryRoot, "src", path)))).toEqual([]);
});
