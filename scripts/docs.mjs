// Writes docs/commands.md, validation.md, metrics.md and schemas/ from the program's own data; with --check, fails where a file says something
// else.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = new URL("..", import.meta.url);
// Below the root, so that what is not bundled is found. Node 20 does not run TypeScript itself.
const bundle = new URL(`node_modules/.cache-docs-${process.pid}.mjs`, root);

// Dashboards and alerts are read from there.
process.chdir(fileURLToPath(root));
const texts = new Map();
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
  const made = await import(bundle.href);
  texts.set("docs/commands.md", await made.commandsMarkdown());
  texts.set("docs/validation.md", made.validationMarkdown());
  texts.set("docs/metrics.md", made.metricsMarkdown());
  texts.set("schemas/workflow.schema.json", made.workflowJsonSchema());
  texts.set("schemas/persona.schema.json", made.personaJsonSchema());
  texts.set("schemas/chatmode.schema.json", made.chatmodeJsonSchema());
  texts.set("schemas/llm-call.schema.json", made.callJsonSchema());
} finally {
  rmSync(bundle, { force: true });
}

for (const [path, text] of texts) {
  const target = new URL(path, root);
  if (!process.argv.includes("--check")) {
    mkdirSync(new URL(".", target), { recursive: true });
    writeFileSync(target, text);
  } else if (readFileSync(target, "utf8") !== text) {
    process.stderr.write(`${path} is not what the program says; run: node scripts/docs.mjs\n`);
    process.exitCode = 1;
  }
}
