import type { Command } from "./command.ts";
import { table } from "./printable.ts";
import { globalOptions } from "./route.ts";

/** Wrong usage and bugs are the same everywhere. */
const commonExitCodes: Readonly<Record<number, string>> = {
  0: "done",
  2: "wrong usage, configuration or input",
  70: "a bug in tta-persona",
};

export function exitCodesOf(command: Command): readonly (readonly [code: string, meaning: string])[] {
  return Object.entries({ ...commonExitCodes, ...command.exitCodes });
}

/** What help says below a command's options. */
export function helpAfter(command: Command): string {
  const sections = [
    section("Global options", globalRows),
    section(
      "Exit codes",
      exitCodesOf(command).map(([code, meaning]) => [code, meaning]),
    ),
  ];
  if (command.examples.length > 0) {
    sections.push(
      section(
        "Examples",
        command.examples.map(({ command: line, doc }) => [line, doc]),
      ),
    );
  }
  return `\n${sections.join("\n")}`.trimEnd();
}

const globalRows = globalOptions.slice(0, 3).map(({ flags, doc }) => [flags, doc]);

/** What help says below the commands. */
export const rootHelpAfter = `
${section("Global options, before or after a command", globalRows)}
${section("Examples", [
  ["tta-persona", "which persona is active, and for how long"],
  ["tta-persona backend", "switch to backend-engineer: any unambiguous beginning will do"],
  ["tta-persona switch -", "back to the one before"],
  ["tta-persona help switch", "everything about a command"],
])}`.trimEnd();

function section(title: string, rows: readonly (readonly string[])[]): string {
  return `${title}:\n${table(rows.map(([first = "", ...others]) => [`  ${first}`, ...others]))}`;
}
