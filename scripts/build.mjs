// Bundles the program: one file for the hot commands, and many, split, for everything else; all of it CommonJS.
import { createHash } from "node:crypto";
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { writeNotices } from "./notices.mjs";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

const common = {
  absWorkingDir: fileURLToPath(new URL("..", import.meta.url)),
  bundle: true,
  platform: "node",
  target: "node20.19",
  // Its main file is one that no bundler can see through.
  alias: { "jsonc-parser": "jsonc-parser/lib/esm/main.js" },
  define: { TTA_PERSONA_VERSION: JSON.stringify(version) },
  legalComments: "none",
  logLevel: "warning",
};

/**
 * What start-up costs, taken out of a hot bundle: esbuild's interop copies all of `node:fs` once per
 * importing module, of the built-in personas each needs a few fields, and of the settings no documentation.
 */
const lean = (fields) => ({
  name: "lean",
  setup(hot) {
    hot.onResolve({ filter: /^node:fs$/ }, () => ({ path: "fs", namespace: "builtin" }));
    hot.onLoad({ filter: /.*/, namespace: "builtin" }, () => ({
      contents: 'export default process.getBuiltinModule("node:fs");',
    }));
    hot.onLoad({ filter: /\/personas\/[^/]+\.json$/ }, ({ path }) => {
      const definition = Object.entries(JSON.parse(readFileSync(path, "utf8")));
      const kept = Object.fromEntries(definition.filter(([field]) => fields.includes(field)));
      return { contents: JSON.stringify(kept), loader: "json" };
    });
    hot.onLoad({ filter: /\/src\/config\/keys\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replaceAll(/\bdoc: "[^"]*"/g, 'doc: ""'),
      loader: "ts",
    }));
  },
});

/** Of zod's messages in some fifty languages, a third of what most commands would read, the English ones. */
const englishOnly = {
  name: "english-only",
  setup(program) {
    program.onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
    }));
  },
};

/** The launcher gives it a module to export by, has it compiled as it stands, and binds its compiled code to the hash. */
async function buildHot(name, entry, fields) {
  await build({
    ...common,
    entryPoints: { [name]: entry },
    banner: { js: "(function (module) {" },
    footer: { js: "})" },
    format: "cjs",
    minify: true,
    plugins: [lean(fields)],
    outdir: "dist",
    outExtension: { ".js": ".cjs" },
  });
  const file = new URL(`../dist/${name}.cjs`, import.meta.url);
  appendFileSync(file, `//${createHash("sha256").update(readFileSync(file)).digest("hex").slice(0, 16)}\n`);
}

/** Node.js's own modules as ES modules have them; esbuild's way copies all of one for each module that imports it. */
const BUILT_IN = "var ttaBuiltIn=module=>Object.create(module,{default:{value:module}});";

/**
 * The full program, split, so that a command reads what it needs. As CommonJS, since an ES module costs more of a
 * short command's time than all that the command does; esbuild splits ES modules alone, so each is translated.
 */
async function buildProgram() {
  const { metafile, outputFiles } = await build({
    ...common,
    entryPoints: { cli: "src/cli/main.ts", deliver: "src/delivery/main.ts" },
    format: "esm",
    splitting: true,
    plugins: [englishOnly],
    define: { ...common.define, "import.meta.dirname": "__dirname", "import.meta.filename": "__filename" },
    metafile: true,
    write: false,
    chunkNames: "chunks/[name]-[hash]",
    outdir: "dist",
    outExtension: { ".js": ".cjs" },
  });
  await Promise.all(
    outputFiles.map(async ({ path, text }) => {
      const { code, warnings } = await transform(text, {
        banner: `"use strict";${BUILT_IN}`,
        format: "cjs",
        legalComments: "none",
        // For what a bug report can say of a place.
        lineLimit: 120,
        minifySyntax: true,
        minifyWhitespace: true,
        platform: "node",
        supported: { "dynamic-import": false },
        target: common.target,
      });
      // Such as for `import.meta.url`, which would be undefined.
      if (warnings.length > 0) throw new Error(`${path}: ${warnings.map((one) => one.text).join("; ")}`);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, code.replace(/__toESM\((require\("node:[^"]+"\))(?:,1)?\)/g, "ttaBuiltIn($1)"));
    }),
  );
  return metafile;
}

const headFields = ["name", "displayName", "icon"];
const ruleFields = [...headFields, "allowedServers", "allowedTools", "restrictedPaths", "security"];

rmSync(new URL("../dist", import.meta.url), { recursive: true, force: true });
const [metafile] = await Promise.all([
  buildProgram(),
  buildHot("hot", "src/hot/main.ts", headFields),
  buildHot("apply", "src/hot/apply-main.ts", headFields),
  buildHot("guard", "src/guard/main.ts", ruleFields),
]);

writeNotices(metafile, new URL("../dist/THIRD-PARTY-NOTICES.txt", import.meta.url));
