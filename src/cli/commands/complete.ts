import { settingKeys } from "../../config/keys.ts";
import { ExitCode } from "../../core/errors.ts";
import type { Command, CompletionKind } from "../command.ts";
import { COMPLETE_COMMAND } from "../command-table.ts";
import type { CliContext } from "../context.ts";

const listers: Readonly<
  Record<CompletionKind, (ctx: CliContext) => readonly string[] | Promise<readonly string[]>>
> = {
  async personas(ctx) {
    const { loadCatalogue } = await import("../../persona/catalogue.ts");
    const { personas } = loadCatalogue({ cwd: ctx.cwd(), userDir: ctx.home.personas });
    return personas.map(({ name }) => name);
  },
  async workflows(ctx) {
    const { loadWorkflows } = await import("../../workflow/catalogue.ts");
    const { workflowPlaces } = await import("../find-workflow.ts");
    return loadWorkflows(workflowPlaces(ctx)).entries.map(({ workflow }) => workflow.name);
  },
  "config-keys": () => settingKeys.map(({ key }) => key),
};

/** What completion scripts ask while somebody types: names, one a line, and never a word about anything else. */
export const command: Command = {
  name: COMPLETE_COMMAND,
  summary: "List live names, for completion scripts",
  hidden: true,
  arguments: [{ name: "kind", doc: "personas, workflows or config-keys" }],
  examples: [],
  exitCodes: { 0: "always" },
  settingsProblems: "ignored",
  async run({ args: [kind = ""] }, ctx) {
    const list = Object.hasOwn(listers, kind) ? listers[kind as CompletionKind] : undefined;
    const names = (await list?.(ctx)) ?? [];
    ctx.output.raw(names.map((name) => `${name}\n`).join(""));
    return ExitCode.done;
  },
};
