import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { DefinitionProblem } from "../../src/core/definitions.ts";
import { type LocatedWorkflow, readWorkflow } from "../../src/workflow/definition-file.ts";
import { plant, type Tree } from "../support/tree.ts";

/** `line:column message`, the paths of a tree taken out. */
export const told = ({ line, column, message }: DefinitionProblem, root = "/"): string =>
  `${line === undefined ? "" : `${line}:${column} `}${message.replaceAll(`${root}/`, "")}`;

/** Reads `name` of a tree that lives as long as the test. */
export function readIn(tree: Tree, name = "w.yaml") {
  const root = plant(tree);
  const read = readWorkflow({ kind: "project", file: path.join(root, name) });
  const problems = read.ok ? [] : read.error.map((problem) => told(problem, root));
  return { root, read, problems };
}

/** A workflow of this text, its file gone again. @throws where there is something wrong with it */
export function workflowFrom(text: string): LocatedWorkflow {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "workflow-"));
  try {
    const file = path.join(root, "w.yaml");
    fs.writeFileSync(file, text);
    const read = readWorkflow({ kind: "project", file });
    if (!read.ok) throw new Error(read.error.map((problem) => told(problem, root)).join("\n"));
    return read.value;
  } finally {
    fs.rmSync(root, { recursive: true });
  }
}

/** A workflow of stages that only need each other. */
export const graph = (needs: Readonly<Record<string, readonly string[]>>): LocatedWorkflow =>
  workflowFrom(graphText(needs));

export function graphText(needs: Readonly<Record<string, readonly string[]>>): string {
  const stages = Object.entries(needs).map(
    ([id, ids]) => `  - { id: ${id}, persona: qa, run: x, needs: [${ids.join(", ")}] }\n`,
  );
  return `name: graph\nstages:\n${stages.join("")}`;
}
