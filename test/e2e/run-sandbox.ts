import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { createSandbox, type Sandbox } from "../support/run-binary.ts";

/** A stage as it stands in a definition. */
export interface StageText {
  readonly id: string;
  readonly run: string;
  readonly persona?: string;
  readonly [field: string]: unknown;
}

export function sandboxOf(context: TestContext): Sandbox {
  const sandbox = createSandbox();
  context.onTestFinished(() => sandbox.dispose());
  return sandbox;
}

/** Writes a workflow of the sandbox's project. */
export function writeWorkflow({ project }: Sandbox, name: string, stages: readonly StageText[]): void {
  const directory = join(project, ".tta-persona", "workflows");
  mkdirSync(directory, { recursive: true });
  const definition = { name, stages: stages.map((stage) => ({ persona: "backend-engineer", ...stage })) };
  // JSON is YAML.
  writeFileSync(join(directory, `${name}.yaml`), JSON.stringify(definition));
}

/** What a script has left in a file of the project; nothing when it is not there. */
export function readProject({ project }: Sandbox, name: string): string {
  try {
    return readFileSync(join(project, name), "utf8");
  } catch {
    return "";
  }
}

export interface JournalFact {
  readonly type: string;
  readonly scope: string;
  readonly trace: { readonly traceId: string; readonly spanId: string; readonly parentSpanId?: string };
  readonly data: Readonly<Record<string, unknown>>;
}

/** The facts of a journal that is whole. */
export function factsOf({ home }: Sandbox): JournalFact[] {
  const directory = join(home, "journal");
  return readdirSync(directory)
    .sort()
    .flatMap((name) => readFileSync(join(directory, name), "utf8").split("\n"))
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))
    .filter((record) => record.type !== undefined);
}

/** One value out of what `metrics` prints; undefined for a series that is not there. */
export async function metricOf(sandbox: Sandbox, series: string): Promise<number | undefined> {
  const { stdout } = await sandbox.run(["metrics"], { env: { TTA_PERSONA_DELIVERY: "off" } });
  const line = stdout.split("\n").find((text) => text.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}
