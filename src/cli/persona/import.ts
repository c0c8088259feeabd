import path from "node:path";
import { readDefinitionText } from "../../core/definition-text.ts";
import { ExitCode, UserError } from "../../core/errors.ts";
import type { Imported, PersonaFormat } from "../../persona/formats/format.ts";
import { personaFormats } from "../../persona/formats/formats.ts";
import { definitionText } from "../../persona/new-definition.ts";
import { type Command, optionText } from "../command.ts";
import type { CliContext } from "../context.ts";
import type { PersonaImportJson } from "../definition-shapes.ts";
import { problemLine } from "../find-persona.ts";
import { printable } from "../printable.ts";
import { findFormat, formatIds } from "./formats.ts";
import { destinationOf, planPersona, savePersona } from "./save-persona.ts";

export const importCommand: Command = {
  name: "import",
  summary: "Make a persona of another tool's definition",
  description:
    "The format is told by the file's place and name, or by --format. What a persona has no place for is told on stderr.",
  arguments: [{ name: "file", doc: "such as .claude/agents/reviewer.md" }],
  options: [
    { flags: "--format <format>", doc: formatIds.join(", "), complete: formatIds },
    { flags: "--name <name>", doc: "the persona's name (default: what the file says, or is called)" },
    {
      flags: "--to <place>",
      doc: "project or user: whose persona it becomes (default: project)",
      complete: ["project", "user"],
    },
    { flags: "--dry-run", doc: "print the definition, and write nothing" },
    { flags: "--force", doc: "replace a definition that is there" },
  ],
  examples: [
    { command: "tta-persona persona import .claude/agents/reviewer.md", doc: "a subagent of Claude Code" },
    {
      command: "tta-persona persona import agent.md --format cursor --name reviewer --to user --dry-run",
      doc: "to look at what would become of it",
    },
  ],
  exitCodes: { 1: "it could not be written" },
  json: "tta-persona/persona-import/1",
  run(invocation, ctx) {
    const file = path.resolve(ctx.cwd(), invocation.args[0] ?? "");
    const text = readDefinitionText(file);
    if (!text.ok) {
      const { message, hint } = text.error;
      throw new UserError({ reason: "unreadable-file", message: problemLine({ file, message }), hint });
    }
    const asked = optionText(invocation, "format");
    const format = asked === undefined ? detectFormat(file, text.value) : findFormat(asked);
    const imported = format.read(file, text.value);
    if (!imported.ok) {
      const { hint, ...problem } = imported.error;
      throw new UserError({ reason: "invalid-file", message: problemLine({ file, ...problem }), hint });
    }
    const name = optionText(invocation, "name") ?? imported.value.definition.name;
    if (name === undefined) {
      throw new UserError({
        reason: "missing-option",
        message: `${file} has no name that a persona could have.`,
        hint: "Give it one: --name <name>",
      });
    }
    const planned = planPersona(
      { ...imported.value.definition, name },
      destinationOf(optionText(invocation, "to")),
      invocation.options.force === true,
      ctx,
    );
    const dryRun = invocation.options.dryRun === true;
    if (!dryRun) savePersona(planned);
    const document: PersonaImportJson = {
      schema: "tta-persona/persona-import/1",
      persona: planned.name,
      format: format.id,
      file: planned.file,
      dryRun,
      replaced: planned.replaces,
      definition: planned.definition,
      ignored: [...imported.value.ignored],
      shadows: planned.shadows ?? null,
    };
    if (dryRun) ctx.output.content(document, definitionText(planned.definition));
    else ctx.output.done(document, `Wrote ${printable(planned.file)}\n`);
    report(
      imported.value,
      planned.shadows?.kind,
      dryRun ? `would be written to ${planned.file}` : undefined,
      ctx,
    );
    return ExitCode.done;
  },
};

function detectFormat(file: string, text: string): PersonaFormat {
  const format = personaFormats.find((one) => one.detect(file, text));
  if (format !== undefined) return format;
  throw new UserError({
    reason: "unknown-format",
    message: `${file} may be of any format.`,
    hint: `Say which: --format ${formatIds.join("|")}`,
  });
}

function report(
  { ignored }: Imported,
  shadowed: string | undefined,
  where: string | undefined,
  { output }: CliContext,
): void {
  if (where !== undefined) output.note(where);
  for (const { field, why } of ignored) output.note(`left out: ${field} (${why})`);
  if (shadowed !== undefined) output.note(`it takes the place of the ${shadowed} persona of its name`);
}
