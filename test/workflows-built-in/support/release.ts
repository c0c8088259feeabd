import { expect } from "vitest";
import { preparedNpmProject, type SampleProject } from "./sample-project.ts";
import { runScript, type StageResult, scriptOf } from "./stage.ts";

export type Parameters = Readonly<Record<string, string>>;

/** Of package-release, in their order. */
export const STAGES = ["version_bump", "quality_validation", "publish_deploy"] as const;
type Stage = (typeof STAGES)[number];

/** Runs a stage of the release of 0.3.0, once. */
export function stage(project: SampleProject, id: Stage, parameters: Parameters = {}): Promise<StageResult> {
  return runScript(project, scriptOf("package-release", id), { version: "0.3.0", ...parameters });
}

/** Runs the script of a stage's gate. */
export function gate(project: SampleProject, id: Stage, name: string, parameters: Parameters = {}) {
  return runScript(project, scriptOf("package-release", id, name), { version: "0.3.0", ...parameters });
}

export async function succeed(running: Promise<StageResult>): Promise<StageResult> {
  const result = await running;
  expect(result.code, result.stdout + result.stderr).toBe(0);
  return result;
}

/** Runs all stages, which have to succeed. */
export async function release(project: SampleProject, parameters: Parameters = {}): Promise<StageResult[]> {
  const results: StageResult[] = [];
  for (const id of STAGES) results.push(await succeed(stage(project, id, parameters)));
  return results;
}

/** An npm package whose release of 0.3.0 is ready to be committed, tagged and published; see preparedNpmProject. */
export const validatedNpmProject = preparedNpmProject("validated", async (project) => {
  await succeed(stage(project, "version_bump"));
  await succeed(stage(project, "quality_validation"));
});
