import fs from "node:fs";
import path from "node:path";
import { sampleSettings } from "../../config/sample.ts";
import { ExitCode, UserError } from "../../core/errors.ts";
import { samplePersona } from "../../persona/sample.ts";
import { PROJECT_WORKFLOWS } from "../../workflow/catalogue.ts";
import { sampleWorkflow } from "../../workflow/sample.ts";
import { type Command, type Invocation, optionText } from "../command.ts";
import type { CliContext } from "../context.ts";
import type { InitJson } from "../init-shapes.ts";
import { printable, quote, table } from "../printable.ts";
import { describeFiles, planFiles, writeFiles } from "../write-files.ts";

const PERSONA = "project-engineer";
const WORKFLOW = "sample";
const PROJECT_PERSONAS = ".tta-persona/personas";
const PROJECT_SETTINGS = ".tta-persona/settings.yaml";

export const command: Command = {
  name: "init",
  summary: "Write a project's .tta-persona: a persona, a workflow and settings to begin with",
  description:
    `The persona ${PERSONA} and the workflow ${WORKFLOW} are good as they stand; comments in them show what else ` +
    `there is. ${PROJECT_SETTINGS} sets nothing: it shows what a project may set, which takes effect once the user has ` +
    "trusted it. A file that is there with another content is left alone, and nothing is written, without --force.",
  options: [
    { flags: "--dir <directory>", doc: "the project's root (default: the current directory)" },
    { flags: "--force", doc: "replace files that have another content" },
    { flags: "--dry-run", doc: "only tell what would be written" },
  ],
  examples: [
    { command: "tta-persona init", doc: "in the project's root" },
    { command: "tta-persona init --dir services/api --dry-run", doc: "what it would write there" },
  ],
  exitCodes: {
    1: "a file could not be written",
    2: "a file is there with another content, or one that may not be replaced; or there is no such directory",
  },
  json: "tta-persona/init/1",
  run: initProject,
};

function initProject(invocation: Invocation, ctx: CliContext): number {
  const given = optionText(invocation, "dir");
  const root = path.resolve(ctx.cwd(), given ?? ".");
  if (fs.statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new UserError({
      reason: "no-such-directory",
      message: `There is no directory ${quote(given ?? root)}.`,
      hint: "Make it first, or check how it is spelt.",
    });
  }
  const isDryRun = invocation.options.dryRun === true;
  const files = planFiles(
    [
      { file: path.join(root, PROJECT_PERSONAS, `${PERSONA}.yaml`), content: samplePersona(PERSONA) },
      {
        file: path.join(root, PROJECT_WORKFLOWS, `${WORKFLOW}.yaml`),
        content: sampleWorkflow(WORKFLOW, PERSONA),
      },
      { file: path.join(root, PROJECT_SETTINGS), content: sampleSettings() },
    ],
    invocation.options.force === true,
    [root],
  );
  if (!isDryRun) writeFiles(files);
  const document: InitJson = {
    schema: "tta-persona/init/1",
    directory: root,
    dryRun: isDryRun,
    persona: PERSONA,
    workflow: WORKFLOW,
    files: files.map(({ file, outcome }) => ({ file, outcome })),
  };
  if (isDryRun) ctx.output.answer(document, describeFiles(files, true));
  else ctx.output.done(document, describeFiles(files) + nextSteps(root, ctx));
  return ExitCode.done;
}

function nextSteps(root: string, ctx: CliContext): string {
  const steps = table([
    ...(root === ctx.cwd() ? [] : [["", `cd ${printable(root)}`]]),
    ["", "tta-persona list", `the personas: ${PERSONA} is among them`],
    ["", `tta-persona run ${WORKFLOW}`, "the workflow, as it stands"],
    ["", "tta-persona workflow validate", "after each change, and in CI"],
    ["", `tta-persona trust ${PROJECT_SETTINGS}`, "once it sets something, and after each change"],
  ]);
  return `\nNext:\n${steps}`;
}
