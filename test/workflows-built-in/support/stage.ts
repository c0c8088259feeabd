import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { parse } from "yaml";
import { repositoryRoot } from "../../support/run-binary.ts";
import type { SampleProject } from "./sample-project.ts";

const workflows = join(repositoryRoot, "workflows");

interface WorkflowFile {
  readonly stages: readonly {
    readonly id: string;
    readonly run?: string;
    readonly gates?: readonly {
      readonly name: string;
      readonly run?: string;
      readonly promql?: { readonly query: string };
    }[];
  }[];
}

export interface StageResult {
  /** As a shell has it: 128 + n when signal n ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What was handed on. */
  readonly outputs: Readonly<Record<string, string>>;
}

export function readWorkflow(name: string): WorkflowFile {
  return parse(readFileSync(join(workflows, `${name}.yaml`), "utf8"));
}

/** The script of a stage, or of one of its gates, as it stands in the workflow's file. */
export function scriptOf(workflow: string, stage: string, gate?: string): string {
  const found = readWorkflow(workflow).stages.find(({ id }) => id === stage);
  const script = gate === undefined ? found?.run : found?.gates?.find(({ name }) => name === gate)?.run;
  if (script === undefined) throw new Error(`no script ${workflow} ${stage} ${gate ?? ""}`);
  return script;
}

/** Runs a stage's script in the project, in the environment that a run gives it. */
export async function runScript(
  project: SampleProject,
  script: string,
  parameters: Readonly<Record<string, string>>,
): Promise<StageResult> {
  const output = join(project.root, "output");
  rmSync(output, { force: true });
  const given = Object.entries(parameters).map(([name, value]) => [`TTA_PARAM_${name.toUpperCase()}`, value]);
  const child = spawn("bash", ["-eo", "pipefail", "-c", script], {
    cwd: project.directory,
    env: {
      ...project.env,
      ...Object.fromEntries(given),
      TTA_OUTPUT: output,
      TTA_WORKFLOW_DIR: workflows,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const text = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (chunk: string) => {
      text[name] += chunk;
    });
  }
  const [exitCode, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  const code = exitCode ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  const outputs = existsSync(output) ? parseOutputs(readFileSync(output, "utf8")) : {};
  return { code, ...text, outputs };
}

/** The environment of a sample project: nothing of the surroundings but the programs. */
export function sealedEnvironment(root: string, pathFirst: readonly string[] = []): Record<string, string> {
  for (const folder of ["home", "tmp"]) mkdirSync(join(root, folder), { recursive: true });
  const who = { NAME: "Ada Example", EMAIL: "ada@example.com" };
  const identity = ["AUTHOR", "COMMITTER"].flatMap((role) =>
    Object.entries(who).map(([key, value]) => [`GIT_${role}_${key}`, value]),
  );
  return {
    PATH: [...pathFirst, dirname(process.execPath), process.env.PATH ?? ""].join(delimiter),
    HOME: join(root, "home"),
    TMPDIR: join(root, "tmp"),
    LANG: "C.UTF-8",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    PIP_CONFIG_FILE: "/dev/null",
    PIP_NO_INDEX: "1",
    PIP_DISABLE_PIP_VERSION_CHECK: "1",
    npm_config_cache: join(root, "npm-cache"),
    npm_config_update_notifier: "false",
    // Nobody listens there: whatever wants the network fails at once.
    npm_config_registry: "http://127.0.0.1:9/",
    ...Object.fromEntries(identity),
  };
}

function parseOutputs(text: string): Record<string, string> {
  const outputs: Record<string, string> = {};
  const lines = text.split("\n").slice(0, -1);
  for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
    const block = /^(\w+)<<(.+)$/.exec(line);
    if (block === null) {
      const at = line.indexOf("=");
      outputs[line.slice(0, at)] = line.slice(at + 1);
      continue;
    }
    const [, key = "", delimiter = ""] = block;
    outputs[key] = lines.splice(0, lines.indexOf(delimiter)).join("\n");
    lines.shift();
  }
  return outputs;
}
