import fs from "node:fs";
import path from "node:path";
import type { DefinitionProblem } from "../../core/definitions.ts";
import { ExitCode, errorCode, UserError } from "../../core/errors.ts";
import { loadCatalogue } from "../../persona/catalogue.ts";
import { loadWorkflows, PROJECT_WORKFLOWS } from "../../workflow/catalogue.ts";
import {
  checkPersonas,
  checkPromptFiles,
  checkScripts,
  type LocatedWorkflow,
  readWorkflow,
} from "../../workflow/definition-file.ts";
import { isWorkflowName } from "../../workflow/names.ts";
import { sampleWorkflow } from "../../workflow/sample.ts";
import type { ArgumentSpec, Command } from "../command.ts";
import type { CliContext } from "../context.ts";
import { personaPlaces, problemLine } from "../find-persona.ts";
import { findWorkflow, workflowPlaces } from "../find-workflow.ts";
import { printable, quote, table } from "../printable.ts";
import { workflowJson } from "../workflow-json.ts";
import type { WorkflowInitJson, WorkflowListJson, WorkflowValidateJson } from "../workflow-shapes.ts";
import { workflowText } from "../workflow-text.ts";

const nameArgument: ArgumentSpec = { name: "name", doc: "the workflow's name", complete: "workflows" };

const list: Command = {
  name: "list",
  summary: "List the workflows, and where they come from",
  description: `The project's (${PROJECT_WORKFLOWS}) go before the user's, and those before the built-in ones.`,
  examples: [
    { command: "tta-persona workflow list", doc: "the workflows that this directory sees" },
    { command: "tta-persona workflow list --json | jq -r '.workflows[].name'", doc: "their names" },
  ],
  exitCodes: { 0: "done, also when some definitions are broken" },
  json: "tta-persona/workflow-list/1",
  run: (_, ctx) => listWorkflows(ctx),
};

const show: Command = {
  name: "show",
  summary: "Show what a workflow takes, and its stages",
  arguments: [nameArgument],
  examples: [{ command: "tta-persona workflow show package-release", doc: "before running it" }],
  exitCodes: {},
  json: "tta-persona/workflow-show/1",
  run({ args: [name = ""] }, ctx) {
    const entry = findWorkflow(name, ctx);
    ctx.output.answer(workflowJson(entry), workflowText(entry, ctx.paint));
    return ExitCode.done;
  },
};

const validate: Command = {
  name: "validate",
  summary: "Check workflow files, and say what is wrong and where",
  description: "Without files it checks every workflow that there is, the built-in ones included.",
  arguments: [{ name: "file", doc: "workflow files", optional: true, variadic: true }],
  examples: [
    { command: "tta-persona workflow validate", doc: "all of them, such as in CI" },
    { command: `tta-persona workflow validate ${PROJECT_WORKFLOWS}/deploy.yaml`, doc: "one file" },
  ],
  exitCodes: { 0: "nothing is wrong", 1: "something is wrong" },
  json: "tta-persona/workflow-validate/1",
  run({ args }, ctx) {
    const files = args.filter((file) => file !== undefined).map((file) => path.resolve(ctx.cwd(), file));
    const { found, problems } = files.length > 0 ? readFiles(files) : loadAll(ctx);
    const { personas } = loadCatalogue(personaPlaces(ctx));
    const known = personas.map(({ name }) => name);
    const all = [...problems];
    const good = found.filter((located) => {
      const own = [...checkPersonas(located, known), ...checkScripts(located), ...checkPromptFiles(located)];
      all.push(...own);
      return own.length === 0;
    });
    const document: WorkflowValidateJson = {
      schema: "tta-persona/workflow-validate/1",
      valid: all.length === 0,
      workflows: good.map(({ workflow: { name, origin } }) => ({ name, file: origin.file })),
      problems: all.map(withoutNames),
    };
    const lines = [
      ...good.map(
        ({ workflow: { name, origin } }) => `${ctx.paint.green("✓")} ${name}  ${printable(origin.file)}`,
      ),
      ...all.map((problem) => `✗ ${printable(problemLine(problem))}\n  ${printable(problem.hint)}`),
    ];
    ctx.output.answer(document, lines.map((line) => `${line}\n`).join(""));
    return all.length === 0 ? ExitCode.done : ExitCode.failed;
  },
};

const init: Command = {
  name: "init",
  summary: "Write a sample workflow into the project, to begin with",
  description: `It is written to ${PROJECT_WORKFLOWS} below the current directory. No file is overwritten.`,
  arguments: [{ name: "name", doc: "the new workflow's name, in kebab-case" }],
  examples: [{ command: "tta-persona workflow init deploy", doc: `makes ${PROJECT_WORKFLOWS}/deploy.yaml` }],
  exitCodes: { 1: "the file could not be written" },
  json: "tta-persona/workflow-init/1",
  run({ args: [name = ""] }, ctx) {
    if (!isWorkflowName(name)) {
      throw new UserError({
        reason: "invalid-workflow-name",
        message: `${quote(name)} cannot be the name of a workflow.`,
        hint: "Write it in kebab-case, such as nightly-build.",
      });
    }
    const directory = path.join(ctx.cwd(), PROJECT_WORKFLOWS);
    const file = path.join(directory, `${name}.yaml`);
    const same = loadWorkflows(workflowPlaces(ctx)).entries.find(({ workflow }) => workflow.name === name);
    const origin = same?.workflow.origin;
    if (origin !== undefined && path.dirname(origin.file) === directory) throw isThereAlready(origin.file);
    fs.mkdirSync(directory, { recursive: true });
    try {
      fs.writeFileSync(file, sampleWorkflow(name), { flag: "wx" });
    } catch (error) {
      if (errorCode(error) === "EEXIST") throw isThereAlready(file);
      throw error;
    }
    const shadowsBuiltIn = origin?.kind === "built-in" || same?.shadows !== undefined;
    const document: WorkflowInitJson = { schema: "tta-persona/workflow-init/1", name, file, shadowsBuiltIn };
    ctx.output.done(document, `Wrote ${printable(file)}\n`);
    if (shadowsBuiltIn)
      ctx.output.note(`it takes the place of the built-in workflow ${name} in this project`);
    return ExitCode.done;
  },
};

export const command: Command = {
  name: "workflow",
  summary: "List, show, check and begin workflows",
  description: "Alone it lists them.",
  examples: list.examples,
  exitCodes: list.exitCodes,
  json: "tta-persona/workflow-list/1",
  subcommands: [list, show, validate, init],
  run: (_, ctx) => listWorkflows(ctx),
};

function listWorkflows(ctx: CliContext): number {
  const { entries, problems } = loadWorkflows(workflowPlaces(ctx));
  const document: WorkflowListJson = {
    schema: "tta-persona/workflow-list/1",
    workflows: entries.map(({ workflow, shadows }) => ({
      name: workflow.name,
      description: workflow.description ?? null,
      origin: workflow.origin,
      shadowsBuiltIn: shadows !== undefined,
      parameters: workflow.parameters.map(({ name }) => name),
      stages: workflow.stages.map(({ id }) => id),
    })),
    problems: problems.map(withoutNames),
  };
  const rows = document.workflows.map(({ name, description, origin, shadowsBuiltIn }) => [
    name,
    shadowsBuiltIn ? `${origin.kind} (in place of the built-in one)` : origin.kind,
    printable(description?.trim().split("\n")[0] ?? ""),
  ]);
  ctx.output.answer(document, table(rows));
  if (rows.length === 0)
    ctx.output.note("there are no workflows. Begin one: tta-persona workflow init deploy");
  for (const problem of problems) ctx.output.note(`${problemLine(problem)}. ${problem.hint}`);
  return ExitCode.done;
}

interface Findings {
  readonly found: readonly LocatedWorkflow[];
  readonly problems: readonly DefinitionProblem[];
}

function loadAll(ctx: CliContext): Findings {
  const { entries, problems } = loadWorkflows(workflowPlaces(ctx));
  return { found: entries, problems };
}

function readFiles(files: readonly string[]): Findings {
  const found: LocatedWorkflow[] = [];
  const problems: DefinitionProblem[] = [];
  for (const file of files) {
    const read = readWorkflow({ kind: "project", file });
    if (read.ok) found.push(read.value);
    else problems.push(...read.error);
  }
  return { found, problems };
}

function isThereAlready(file: string): UserError {
  return new UserError({
    reason: "workflow-exists",
    message: `${file} is there already.`,
    hint: "Choose another name, or remove it first.",
  });
}

const withoutNames = ({ names: _names, ...problem }: DefinitionProblem) => problem;
