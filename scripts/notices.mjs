import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";

/** Writes the licences of all packages that a bundle carries, as most of them ask for. */
export function writeNotices(metafile, file) {
  const packages = new Set();
  for (const path of Object.keys(metafile.inputs)) {
    const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path);
    if (found !== null) packages.add(found[1]);
  }
  const notices = [...packages].sort().map(notice);
  writeFileSync(file, `tta-persona carries the following packages.\n\n${notices.join("\n")}`);
}

function notice(directory) {
  const root = new URL(`../${directory}/`, import.meta.url);
  const { name, version, license } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
  const texts = existsSync(root)
    ? readdirSync(root).filter((entry) => /^(licen[cs]e|notice)/i.test(entry))
    : [];
  const body = texts.map((entry) => readFileSync(new URL(entry, root), "utf8").trim()).join("\n\n");
  return `${"-".repeat(78)}\n${name} ${version} (${license})\n\n${body || `Licensed under ${license}.`}\n`;
}
