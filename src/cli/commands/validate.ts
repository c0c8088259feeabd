import fs from "node:fs";
import path from "node:path";
import type { Command } from "../command.ts";
import type { CliContext } from "../context.ts";
import { type Kind, type Validation, validateAll, validateFile } from "../validation.ts";
import { reportValidation } from "../validation-report.ts";

const KINDS: readonly Kind[] = ["persona", "chatmode", "workflow", "settings"];

export const command: Command = {
  name: "validate",
  summary: "Check personas, chatmodes, workflows and settings",
  description:
    "Says what is wrong and where, each with a stable code (docs/validation.md) and what to do about it. Without a " +
    "path it checks all that this directory sees: definitions of the project, the user and the program, and the " +
    "user's settings. A directory is checked as if it were the current one, a file by itself.",
  arguments: [{ name: "path", doc: "files or directories", optional: true, variadic: true }],
  options: [{ flags: "--strict", doc: "let warnings fail too" }],
  examples: [
    { command: "tta-persona validate", doc: "everything, such as in CI" },
    { command: "tta-persona validate .github/chatmodes/backend.chatmode.md", doc: "one file" },
    {
      command: "tta-persona validate --json | jq -r '.findings[].code' | sort | uniq -c",
      doc: "what kinds of problems there are",
    },
  ],
  exitCodes: { 0: "there are no errors", 1: "there are errors; with --strict, or warnings" },
  json: "tta-persona/validate/1",
  run({ args, options }, ctx) {
    const paths = args.filter((one) => one !== undefined).map((one) => path.resolve(ctx.cwd(), one));
    const validations =
      paths.length === 0 ? [validateAll(ctx, ctx.cwd(), KINDS)] : paths.map((one) => validatePath(one, ctx));
    return reportValidation("tta-persona/validate/1", joined(validations), options.strict === true, ctx);
  },
};

function validatePath(target: string, ctx: CliContext): Validation {
  if (fs.statSync(target, { throwIfNoEntry: false })?.isDirectory() !== true)
    return validateFile(ctx, target);
  const all = validateAll(ctx, target, ["persona", "chatmode", "workflow"]);
  // Of what the directory only sees, such as the user's own, nothing is asked.
  return {
    ...all,
    findings: all.findings.filter(({ file }) => file === target || file.startsWith(`${target}/`)),
  };
}

/** What several paths find alike is said once. */
function joined(validations: readonly Validation[]): Validation {
  const findings = new Map(
    validations.flatMap((one) => one.findings.map((found) => [JSON.stringify(found), found] as const)),
  );
  const sum = (kind: Kind) => validations.reduce((total, { checked }) => total + checked[kind], 0);
  return {
    checked: {
      persona: sum("persona"),
      chatmode: sum("chatmode"),
      workflow: sum("workflow"),
      settings: sum("settings"),
    },
    findings: [...findings.values()],
  };
}
