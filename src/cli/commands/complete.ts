import { settingKeys } from "../../config/keys.ts";
import { ExitCode } from "../../core/errors.ts";
import type { Command, CompletionKind } from "../command.ts";
import { COMPLETE_COMMAND } from "../command-table.ts";
import type { CliContext } from "../context.ts";

const listers: Readonly<
  Record<CompletionKind, (ctx: CliContext, of: string) => readonly string[] | Promise<readonly string[]>>
> = {
  async personas(ctx) {
    const { loadCatalogue } = await import("../../persona/catalogue.ts");
    const { personas } = loadCatalogue({ cwd: ctx.cwd(), userDir: ctx.home.personas });
    return personas.map(({ name }) => name);
  },
  async chatmodes(ctx) {
    const { loadChatmodes } = await import("../../persona/chatmodes.ts");
    const { isChatmodeName } = await import("../../persona/chatmode.ts");
    const names = loadChatmodes(ctx.cwd()).chatmodes.map(({ name }) => name);
    return [...new Set(names)].filter(isChatmodeName);
  },
  async workflows(ctx) {
    const { loadWorkflows } = await import("../../workflow/catalogue.ts");
    const { workflowPlaces } = await import("../find-workflow.ts");
    return loadWorkflows(workflowPlaces(ctx)).entries.map(({ workflow }) => workflow.name);
  },
  "config-keys": () => settingKeys.map(({ key }) => key),
  /** Those that were fetched before: nobody waits for a server while they type. */
  async prompts({ home, settings, version }) {
    if (settings.langfuse === undefined) return [];
    const { langfuseProject } = await import("../../delivery/langfuse-project.ts");
    const { keptPromptNames } = await import("../../llm/prompt-cache.ts");
    return keptPromptNames(home, langfuseProject(settings.langfuse, version));
  },
  /** Those that an experiment was made on. */
  async datasets({ home }) {
    const { knownDatasets } = await import("../../llm/experiment-store.ts");
    return knownDatasets(home);
  },
  async parameters(ctx, workflowName) {
    const { loadWorkflows } = await import("../../workflow/catalogue.ts");
    const { parameterFlags } = await import("../../workflow/parameters.ts");
    const { workflowPlaces } = await import("../find-workflow.ts");
    const { entries } = loadWorkflows(workflowPlaces(ctx));
    const found = entries.find(({ workflow }) => workflow.name === workflowName);
    return found?.workflow.parameters.map((one) => parameterFlags(one).flags.replace(/ .*/, "")) ?? [];
  },
};

/** Others are left out: shells split words, and expand what looks like a command, in what they are offered. */
const PLAIN = /^[\w@%+=,./-]+$/;

/** What completion scripts ask while somebody types: names, one a line, and never a word about anything else. */
export const command: Command = {
  name: COMPLETE_COMMAND,
  summary: "List live names, for completion scripts",
  hidden: true,
  arguments: [
    { name: "kind", doc: "personas, chatmodes, workflows, config-keys, prompts, datasets or parameters" },
    { name: "of", doc: "of this workflow", optional: true },
  ],
  examples: [],
  exitCodes: { 0: "always" },
  settingsProblems: "ignored",
  async run({ args: [kind = "", of = ""] }, ctx) {
    const list = Object.hasOwn(listers, kind) ? listers[kind as CompletionKind] : undefined;
    const names = (await list?.(ctx, of)) ?? [];
    ctx.output.raw(
      names
        .filter((name) => PLAIN.test(name))
        .map((name) => `${name}\n`)
        .join(""),
    );
    return ExitCode.done;
  },
};
