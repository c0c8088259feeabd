// Writes dashboards/*.json from dashboards/src; with --check, fails where a file says something else; with --read,
// prints each panel beside its values after a scripted day of work (needs the real servers, and a build).
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = new URL("..", import.meta.url);

/** Node 20 does not run TypeScript itself. @param near a file beside which the bundle is, so that its URLs hold. */
async function load(entry, near) {
  const bundle = new URL(`${near}.${process.pid}.mjs`, root);
  try {
    await build({
      absWorkingDir: fileURLToPath(root),
      entryPoints: [entry],
      bundle: true,
      packages: "external",
      platform: "node",
      format: "esm",
      outfile: fileURLToPath(bundle),
      logLevel: "error",
    });
    return await import(bundle.href);
  } finally {
    rmSync(bundle, { force: true });
  }
}

if (process.argv.includes("--read")) {
  // Beside what it is made of: that finds other files by its own place.
  const { readDashboards } = await load(
    "test/dashboards/read-dashboards.ts",
    "test/support/.read-dashboards",
  );
  await readDashboards((text) => process.stdout.write(text));
} else {
  const { dashboardFiles } = await load("dashboards/src/main.ts", "node_modules/.cache-dashboards");
  for (const [name, text] of Object.entries(dashboardFiles())) {
    const path = `dashboards/${name}`;
    if (!process.argv.includes("--check")) {
      writeFileSync(new URL(path, root), text);
    } else if (readFileSync(new URL(path, root), "utf8") !== text) {
      process.stderr.write(`${path} is not what dashboards/src says; run: npm run dashboards\n`);
      process.exitCode = 1;
    }
  }
}
