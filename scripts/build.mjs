// Bundles the program: one CommonJS file for the hot commands, and ES modules, split, for everything else.
import { createHash } from "node:crypto";
import { appendFileSync, readFileSync, rmSync } from "node:fs";
import { build } from "esbuild";
import { writeNotices } from "./notices.mjs";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

const common = {
  absWorkingDir: new URL("..", import.meta.url).pathname,
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

const headFields = ["name", "displayName", "icon"];
const ruleFields = [...headFields, "allowedServers", "allowedTools", "restrictedPaths", "security"];

rmSync(new URL("../dist", import.meta.url), { recursive: true, force: true });
const [program] = await Promise.all([
  build({
    ...common,
    entryPoints: { cli: "src/cli/main.ts", deliver: "src/delivery/main.ts" },
    format: "esm",
    splitting: true,
    minifySyntax: true,
    minifyWhitespace: true,
    plugins: [englishOnly],
    metafile: true,
    chunkNames: "chunks/[name]-[hash]",
    outdir: "dist",
    outExtension: { ".js": ".mjs" },
    // Bundled CommonJS packages ask for Node's own modules by `require`.
    banner: {
      js: 'import { createRequire as ttaCreateRequire } from "node:module"; const require = ttaCreateRequire(import.meta.url);',
    },
  }),
  buildHot("hot", "src/hot/main.ts", headFields),
  buildHot("apply", "src/hot/apply-main.ts", headFields),
  buildHot("guard", "src/guard/main.ts", ruleFields),
]);

writeNotices(program.metafile, new URL("../dist/THIRD-PARTY-NOTICES.txt", import.meta.url));
