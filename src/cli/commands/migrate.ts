import { ExitCode } from "../../core/errors.ts";
import { deliverAfterWork } from "../after-work.ts";
import type { Command } from "../command.ts";
import type { CliContext } from "../context.ts";
import { migrate, type Step } from "../migration/migrate.ts";
import type { MigrateJson } from "../migration-shapes.ts";
import { printable } from "../printable.ts";

export const command: Command = {
  name: "migrate",
  summary: "Take over from the old bash script and its settings",
  description:
    "Makes the persona that ~/.config/mcp/mcp_settings.json names the active one, unless another one is active, lets " +
    "switches keep that file in step from now on, and says what else there is: the old script, .hypertool/personas, " +
    "budgets. No file of theirs is changed or deleted, and doing it again changes nothing.",
  options: [{ flags: "--dry-run", doc: "say what would happen, and write nothing" }],
  examples: [
    { command: "tta-persona migrate --dry-run", doc: "what there is, and what would be done" },
    { command: "tta-persona migrate", doc: "do it" },
  ],
  exitCodes: { 0: "done, also when there is nothing to take over" },
  json: "tta-persona/migrate/1",
  async run({ options }, ctx) {
    const dryRun = options.dryRun === true;
    const steps = await migrate(ctx, dryRun);
    const document: MigrateJson = {
      schema: "tta-persona/migrate/1",
      dryRun,
      found: steps.length > 0,
      steps: [...steps],
    };
    const nothing = "There is nothing of an old installation here.\n";
    ctx.output.answer(
      document,
      steps.length === 0 ? nothing : steps.map((step) => stepText(step, ctx)).join(""),
    );
    if (steps.some(({ outcome }) => outcome === "done")) await deliverAfterWork(ctx);
    return ExitCode.done;
  },
};

function stepText({ outcome, path, text }: Step, { paint }: CliContext): string {
  const marks = {
    done: paint.green("✓"),
    would: "·",
    already: paint.green("✓"),
    left: "·",
    "to-do": paint.magenta("!"),
  };
  return `${marks[outcome]} ${printable(path)}\n    ${printable(text)}\n`;
}
