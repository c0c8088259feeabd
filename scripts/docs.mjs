// Writes docs/commands.md from the commands' own data; with --check, fails where the file says something else.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const root = new URL("..", import.meta.url);
const target = new URL("docs/commands.md", root);
// Below the root, so that what is not bundled is found. Node 20 does not run TypeScript itself.
const bundle = new URL(`node_modules/.cache-docs-${process.pid}.mjs`, root);

let text;
try {
  await build({
    absWorkingDir: root.pathname,
    entryPoints: ["scripts/generate-docs.ts"],
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    outfile: bundle.pathname,
    logLevel: "error",
  });
  const { commandsMarkdown } = await import(bundle.href);
  text = await commandsMarkdown();
} finally {
  rmSync(bundle, { force: true });
}

if (!process.argv.includes("--check")) {
  writeFileSync(target, text);
} else if (readFileSync(target, "utf8") !== text) {
  process.stderr.write("docs/commands.md is not what the commands say; run: node scripts/docs.mjs\n");
  process.exitCode = 1;
}
