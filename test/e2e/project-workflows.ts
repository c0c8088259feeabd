import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox } from "../support/run-binary.ts";

/** Writes a workflow into the sandbox's project, in YAML that is JSON. Stages wait for nothing unless they say so. */
export function writeWorkflow(
  { project }: Sandbox,
  name: string,
  stages: readonly object[],
  more: object = {},
): string {
  const directory = join(project, ".tta-persona", "workflows");
  const all = stages.map((stage) => ({ persona: "backend-engineer", needs: [], ...stage }));
  const file = join(directory, `${name}.yaml`);
  mkdirSync(directory, { recursive: true });
  writeFileSync(file, JSON.stringify({ name, ...more, stages: all }, null, 1));
  return file;
}

/** Path and content of each file below a directory. */
export function filesBelow(directory: string): [string, string][] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry): [string, string][] => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() ? [[path, readFileSync(path, "utf8")]] : [];
  });
}
