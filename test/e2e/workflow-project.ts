import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunJson, RunsListJson, RunsShowJson } from "../../src/cli/run-shapes.ts";
import { type ExpositionSample, parseExposition } from "../support/exposition.ts";
import type { RunOptions, RunResult, Sandbox } from "../support/run-binary.ts";

export interface Definition {
  readonly name: string;
  readonly description?: string;
  readonly parameters?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly stages: readonly Readonly<Record<string, unknown>>[];
}

/** Runs leave all delivery to a later `flush`. */
export const OFF = { TTA_PERSONA_DELIVERY: "off" };

/** A workflow of the sandbox's project. JSON is YAML. */
export function defineWorkflow({ project }: Pick<Sandbox, "project">, definition: Definition): string {
  const directory = join(project, ".tta-persona", "workflows");
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `${definition.name}.yaml`);
  writeFileSync(file, JSON.stringify(definition));
  return file;
}

/** A stage that does a script; the previous stage goes before it unless `more` says otherwise. */
export function scripted(
  id: string,
  run: string,
  more: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return { id, persona: "backend-engineer", run, ...more };
}

/** Lines of a file that stages have written; none when it is not there. */
export function linesOf({ project }: Pick<Sandbox, "project">, name: string): string[] {
  const path = join(project, name);
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : [];
}

export const isThere = ({ project }: Pick<Sandbox, "project">, name: string) =>
  existsSync(join(project, name));

export function touch({ project }: Pick<Sandbox, "project">, name: string): void {
  writeFileSync(join(project, name), "");
}

type Failed = {
  readonly error: { readonly reason: string; readonly message: string; readonly hint: string };
};

/** The only document on stdout. Throws when there is anything else. */
export function documentOf<Document = RunJson>({ stdout }: Pick<RunResult, "stdout">): Document {
  return JSON.parse(stdout);
}

export const failureOf = (result: RunResult) => documentOf<Failed>(result).error;

export async function showRun(sandbox: Sandbox, ...args: readonly string[]): Promise<RunsShowJson> {
  return documentOf<RunsShowJson>(await sandbox.run(["runs", "show", "--json", ...args], { env: OFF }));
}

export async function listRuns(sandbox: Sandbox): Promise<RunsListJson["runs"]> {
  return documentOf<RunsListJson>(await sandbox.run(["runs", "list", "--json"], { env: OFF })).runs;
}

export interface Metrics {
  /** The sum over the series whose labels include these; undefined without any. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
  readonly samples: readonly ExpositionSample[];
}

export async function metricsOf(sandbox: Sandbox, options: RunOptions = { env: OFF }): Promise<Metrics> {
  const { stdout } = await sandbox.run(["metrics"], options);
  const samples = parseExposition(stdout).flatMap((family) => family.samples);
  return {
    samples,
    value(name, labels = {}) {
      const found = samples.filter(
        (sample) =>
          sample.name === name &&
          Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
      );
      return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
    },
  };
}
