import { cpSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type FakePushgateway, startFakePushgateway } from "../support/fake-pushgateway.ts";
import { type OtlpServer, startOtlpServer } from "../support/otlp-server.ts";
import type { ReceivedSpan } from "../support/otlp-spans.ts";
import { type RunOptions, type RunResult, repositoryRoot, type Sandbox } from "../support/run-binary.ts";
import type { SampleProject } from "../workflows-built-in/support/sample-project.ts";
import { configuredSandbox } from "./delivery-home.ts";

/** A sample project, and the built program with both backends, as a CI job has them. */
export interface ReleaseHome {
  readonly sandbox: Sandbox;
  readonly otlp: OtlpServer;
  readonly gateway: FakePushgateway;
  /** Runs the program in the project. */
  run(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  spawn(args: readonly string[], options?: RunOptions): ReturnType<Sandbox["spawn"]>;
}

/** What `run --json` prints, as far as the tests look at it. */
export interface RunDocument {
  readonly runId: string;
  readonly result: string;
  readonly resumes: string | null;
  readonly traceId: string;
  readonly stages: readonly {
    readonly id: string;
    readonly result: string;
    readonly reused: boolean;
    readonly attempts: number;
    readonly outputs: readonly string[];
    readonly error: { readonly type: string; readonly message: string } | null;
  }[];
}

export const RELEASE = ["run", "package-release", "--version", "0.3.0"];

/**
 * @param more variables.
 * @param settings of the Pushgateway.
 */
export async function releaseHome(
  project: SampleProject,
  more: Readonly<Record<string, string>> = {},
  settings: Readonly<Record<string, string>> = {},
): Promise<ReleaseHome> {
  const otlp = await startOtlpServer({ protocol: "http" });
  onTestFinished(() => otlp.close());
  const gateway = await startFakePushgateway();
  onTestFinished(() => gateway.close());
  const sandbox = configuredSandbox({
    otlp: { endpoint: otlp.url },
    pushgateway: { url: gateway.url, ...settings },
  });
  onTestFinished(() => sandbox.dispose());
  const inProject = (options: RunOptions = {}): RunOptions => ({
    cwd: project.directory,
    ...options,
    env: { ...project.env, ...more, CI: "true", ...options.env },
  });
  return {
    sandbox,
    otlp,
    gateway,
    run: (args, options) => sandbox.run(args, inProject(options)),
    spawn: (args, options) => sandbox.spawn(args, inProject(options)),
  };
}

/** Copies the built-in workflows into the project, with changes to one of them. */
export function copyWorkflow(
  project: SampleProject,
  name: string,
  changes: readonly (readonly [from: string | RegExp, to: string])[],
): void {
  const target = ".tta-persona/workflows";
  cpSync(join(repositoryRoot, "workflows"), join(project.directory, target), { recursive: true });
  const file = `${target}/${name}.yaml`;
  for (const [from, to] of changes) {
    const text = project.read(file);
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`${file} has no ${from}`);
    project.write(file, changed);
  }
}

export function documentOf({ stdout }: RunResult): RunDocument {
  return JSON.parse(stdout) as RunDocument;
}

/** Stage, result and attempts, of each stage. */
export function stagesOf({ stages }: RunDocument): string[] {
  return stages.map(({ id, result, attempts }) => `${id} ${result} ${attempts}`);
}

/**
 * Spans below their parents, by indentation, in the order in which they began: name, what it ended with and, of those
 * that failed, the status's message.
 */
export function traceLines(spans: readonly ReceivedSpan[]): string[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const below = (parent: string | undefined, indent: string): string[] =>
    spans
      .filter(({ parentSpanId }) =>
        parent === undefined ? !ids.has(parentSpanId ?? "") : parentSpanId === parent,
      )
      // A stage and its switch begin in the same millisecond, and so may the process.
      .toSorted((a, b) => a.startMs - b.startMs || b.name.localeCompare(a.name))
      .flatMap((span) => [`${indent}${spanLine(span)}`, ...below(span.spanId, `${indent}  `)]);
  return below(undefined, "");
}

function spanLine({ name, attributes, status }: ReceivedSpan): string {
  const what = [
    "cicd.pipeline.result",
    "cicd.pipeline.task.run.result",
    "process.exit.code",
    "to_persona",
  ].flatMap((key) => (attributes[key] === undefined ? [] : [attributes[key]]));
  return [name, ...what, ...(status.code === "ERROR" ? [`(${status.message})`] : [])].join(" ");
}

/** Every counter above 0 of workflows and personas, the histograms' counts among them, by what it counts. */
export function countsOf(gateway: FakePushgateway): Record<string, number> {
  const counted = gateway
    .samples()
    .filter(
      ({ name, value }) => value > 0 && /^hypertool_(?:workflow|persona)_.*_(?:total|count)$/.test(name),
    );
  const label = (labels: Readonly<Record<string, string>>) =>
    ["stage", "persona", "from_persona", "to_persona", "result"]
      .flatMap((key) => labels[key] ?? [])
      .join(" ");
  return Object.fromEntries(
    counted.map(({ name, labels, value }) => [
      `${name.replace(/^hypertool_(?:workflow|persona)_/, "")} ${label(labels)}`.trim(),
      value,
    ]),
  );
}
