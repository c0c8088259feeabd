import fs from "node:fs";
import path from "node:path";
import { ExitCode, errorCode, UserError } from "../../core/errors.ts";
import { createFile, overwriteFile } from "../../core/write-file.ts";
import { nameFrom } from "../../persona/formats/agent-file.ts";
import type { Exported, LostField, PersonaFormat } from "../../persona/formats/format.ts";
import { type Command, optionText } from "../command.ts";
import type { PersonaExportJson } from "../definition-shapes.ts";
import { findPersona } from "../find-persona.ts";
import { printable, quote } from "../printable.ts";
import { findFormat, formatIds } from "./formats.ts";

export const exportCommand: Command = {
  name: "export",
  summary: "Write a persona as a definition of another tool",
  description:
    "What the format cannot carry is told on stderr: what stands in the instructions in words only, which nothing " +
    "enforces, and what is left out. The text goes to stdout, or to a file with --output.",
  arguments: [{ name: "persona", doc: "its name", complete: "personas" }],
  options: [
    { flags: "--format <format>", doc: formatIds.join(", "), complete: formatIds },
    { flags: "--output <file>", doc: "write it there; in a folder, under the name that the tool expects" },
    { flags: "--name <name>", doc: "export it under another name" },
    { flags: "--force", doc: "overwrite the file" },
  ],
  examples: [
    { command: "tta-persona persona export backend --format claude-code", doc: "to look at it" },
    {
      command: "tta-persona persona export backend --format copilot --output .github/agents/",
      doc: "writes .github/agents/backend-engineer.agent.md",
    },
  ],
  exitCodes: { 1: "it could not be written" },
  json: "tta-persona/persona-export/1",
  run(invocation, ctx) {
    const format = findFormat(requiredFormat(optionText(invocation, "format")));
    const persona = findPersona(invocation.args[0] ?? "", ctx);
    const name = optionText(invocation, "name");
    if (name !== undefined && nameFrom(name) !== name) {
      throw new UserError({
        reason: "invalid-name",
        message: `${quote(name)} cannot be a persona's name.`,
        hint: "Write it in kebab-case, such as backend-engineer.",
      });
    }
    const exported = format.write(name === undefined ? persona : { ...persona, name });
    if (!exported.ok) {
      const { message, hint } = exported.error;
      throw new UserError({ reason: "cannot-export", message: `${format.title}: ${message}.`, hint });
    }
    const output = optionText(invocation, "output");
    const file =
      output === undefined
        ? undefined
        : outputFile(path.resolve(ctx.cwd(), output), output, format, name ?? persona.name);
    if (file !== undefined) writeExport(file, exported.value.text, invocation.options.force === true);
    const document = exportJson(name ?? persona.name, format.id, file, exported.value);
    if (file === undefined) ctx.output.content(document, exported.value.text);
    else ctx.output.done(document, `Wrote ${printable(file)}\n`);
    for (const line of reportLines(exported.value)) ctx.output.note(line);
    return ExitCode.done;
  },
};

function requiredFormat(format: string | undefined): string {
  if (format !== undefined) return format;
  throw new UserError({
    reason: "missing-option",
    message: "Missing required option --format.",
    hint: `It takes ${formatIds.join(", ")}.`,
  });
}

function outputFile(target: string, typed: string, format: PersonaFormat, name: string): string {
  const isFolder =
    typed.endsWith("/") || fs.statSync(target, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isFolder) return target;
  const expected = format.pathFor(name);
  // Of `.claude/agents/x.md` the file, of `x/persona.yaml` all of it: the folder's name counts there.
  return path.join(target, expected.startsWith(".") ? path.basename(expected) : expected);
}

/** @throws UserError `file-exists`, or the system's error. */
function writeExport(file: string, text: string, isForced: boolean): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const isThere = fs.lstatSync(file, { throwIfNoEntry: false }) !== undefined;
  try {
    if (isThere && isForced) overwriteFile(file, text);
    else createFile(file, text, 0o666);
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    throw new UserError({
      reason: "file-exists",
      message: `${file} is there already.`,
      hint: "Name another file, or let it be overwritten with --force.",
    });
  }
}

function exportJson(
  persona: string,
  format: string,
  file: string | undefined,
  exported: Exported,
): PersonaExportJson {
  const { text, carried, lost, added } = exported;
  return {
    schema: "tta-persona/persona-export/1",
    persona,
    format,
    file: file ?? null,
    text,
    carried: [...carried],
    lost: lost.map(({ field, values, why, isTold }) => ({
      field,
      ...(values === undefined ? {} : { values: [...values] }),
      why,
      told: isTold,
    })),
    added: [...added],
  };
}

/** What does not come back, on a few lines. */
function reportLines({ lost, added }: Exported): readonly string[] {
  const whole = lost.filter(({ values }) => values === undefined);
  const names = (fields: readonly LostField[]) => fields.map(({ field }) => field).join(", ");
  const told = whole.filter(({ isTold }) => isTold);
  const left = whole.filter(({ isTold }) => !isTold);
  return [
    ...(told.length === 0 ? [] : [`only in words, which nothing enforces: ${names(told)}`]),
    ...(left.length === 0 ? [] : [`left out: ${names(left)}`]),
    ...lost.flatMap(({ field, values, why }) =>
      values === undefined ? [] : [`left out of ${field}: ${values.join(", ")} (${why})`],
    ),
    ...(added.length === 0 ? [] : [`comes back though the persona does not say it: ${added.join(", ")}`]),
  ];
}
