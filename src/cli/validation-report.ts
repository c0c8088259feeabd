import { ExitCode } from "../core/errors.ts";
import type { Finding } from "../core/finding.ts";
import type { CliContext } from "./context.ts";
import type { ChatmodeValidateJson, ValidateJson } from "./definition-shapes.ts";
import { printable } from "./printable.ts";
import type { Validation } from "./validation.ts";

/** Says what a validation found. @returns the exit code */
export function reportValidation(
  schema: (ValidateJson | ChatmodeValidateJson)["schema"],
  { checked, findings }: Validation,
  isStrict: boolean,
  ctx: CliContext,
): number {
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const warnings = findings.length - errors;
  const isValid = errors === 0 && (warnings === 0 || !isStrict);
  const document = {
    schema,
    valid: isValid,
    errors,
    warnings,
    checked: {
      personas: checked.persona,
      chatmodes: checked.chatmode,
      workflows: checked.workflow,
      settings: checked.settings,
    },
    findings: [...findings],
  };
  const looked = [
    counted(checked.persona, "persona"),
    counted(checked.chatmode, "chatmode"),
    counted(checked.workflow, "workflow"),
    ...(checked.settings > 0 ? ["the settings"] : []),
  ].filter((text) => text !== undefined);
  const sum = `${errors} error${errors === 1 ? "" : "s"}, ${warnings} warning${warnings === 1 ? "" : "s"}`;
  const lines = [
    ...findings.map((one) => findingText(one, ctx)),
    `${looked.join(", ") || "nothing"}: ${findings.length === 0 ? ctx.paint.green("nothing is wrong") : sum}`,
  ];
  ctx.output.answer(document, lines.map((line) => `${line}\n`).join(""));
  return isValid ? ExitCode.done : ExitCode.failed;
}

function counted(count: number, what: string): string | undefined {
  return count === 0 ? undefined : `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** `file:line:column: severity code: message`, and the hint below. */
function findingText(
  { file, line, column, severity, code, message, hint }: Finding,
  ctx: CliContext,
): string {
  const place = line === undefined ? "" : `:${line}:${column ?? 1}`;
  const what = severity === "error" ? ctx.paint.bold("error") : ctx.paint.dim("warning");
  return `${printable(file)}${place}: ${what} ${code}: ${printable(message)}\n  ${printable(hint)}`;
}
