import { detectTargets, hypertoolClients } from "../../apply/detect.ts";
import { targetsNamed } from "../../apply/targets.ts";
import { writeUserSetting } from "../../config/config-store.ts";
import { APPLY_CLIENTS } from "../../config/keys.ts";
import { ExitCode, UserError } from "../../core/errors.ts";
import { deliverAfterWork } from "../after-work.ts";
import { chosenTargets, clientOption, clientPlaces, readCurrent } from "../apply-context.ts";
import type { ApplyDetectJson, ApplyJson, ApplyStatusJson } from "../apply-shapes.ts";
import { applySwitch, foreseeApplying, judge } from "../apply-switch.ts";
import { appliedText } from "../apply-text.ts";
import type { Command, Invocation } from "../command.ts";
import type { CliContext } from "../context.ts";
import { printable, table } from "../printable.ts";
import { noPersona } from "../session-view.ts";

const detect: Command = {
  name: "detect",
  summary: "Find the agent tools that a switch can be applied to",
  description:
    "Looks at the configuration files of this project and of your home, and changes none of them. --save remembers " +
    "those that start Hypertool in the setting apply.targets, and those named by --client.",
  options: [
    { flags: "--save", doc: "remember them in the setting apply.targets" },
    { ...clientOption, doc: "enable this one, too; may be given more than once" },
  ],
  examples: [
    { command: "tta-persona apply detect", doc: "what there is" },
    { command: "tta-persona apply detect --save --client claude-agent", doc: "and Claude Code's agent" },
  ],
  exitCodes: { 1: "the settings could not be written" },
  json: "tta-persona/apply-detect/1",
  run: detectClients,
};

const status: Command = {
  name: "status",
  summary: "Tell whether the agent tools work as the active persona",
  examples: [{ command: "tta-persona apply status", doc: "file by file" }],
  exitCodes: { 0: "done, also when some name another persona" },
  json: "tta-persona/apply-status/1",
  async run(invocation, ctx) {
    const current = readCurrent(ctx);
    const { targets } = chosenTargets(invocation, ctx);
    const applied = current === undefined ? [] : await foreseeApplying(targets, current, ctx);
    const results = applied.map((result) => ({ ...result, diff: null }));
    const { isUnset, targets: names } = ctx.settings.apply;
    const document: ApplyStatusJson = {
      schema: "tta-persona/apply-status/1",
      persona: current?.name ?? null,
      targets: isUnset ? null : [...names],
      applied: results,
    };
    const head = current === undefined ? "No persona is active.\n" : `${current.name} in the agent tools:\n`;
    const text = targets.length === 0 ? NO_TARGETS_YET : appliedText(results, ctx);
    ctx.output.answer(document, head + text);
    return ExitCode.done;
  },
};

const NO_TARGETS_YET = "  none is enabled; see: tta-persona apply detect\n";

export const command: Command = {
  name: "apply",
  summary: "Bring the agent tools to the active persona",
  description:
    "A switch does this by itself. It is for afterwards: when a tool was enabled, a file was changed by hand, or a " +
    "switch was cut off. All files are brought to the persona, or none; what they held before is kept in backups/, " +
    "ten times back.",
  options: [clientOption, { flags: "--dry-run", doc: "show what would change, and write nothing" }],
  examples: [
    { command: "tta-persona apply", doc: "all that the setting apply.targets names" },
    { command: "tta-persona apply --client vscode --dry-run", doc: "what would change for VS Code" },
  ],
  exitCodes: { 1: "an agent tool could not be switched, as stderr tells", 3: "no persona is active" },
  json: "tta-persona/apply/1",
  subcommands: [detect, status],
  async run(invocation, ctx) {
    const current = readCurrent(ctx);
    if (current === undefined) throw noPersona();
    const chosen = chosenTargets(invocation, ctx);
    if (chosen.targets.length === 0) {
      throw new UserError({
        reason: "no-targets",
        message: "No agent tool is enabled.",
        hint: "See: tta-persona apply detect",
      });
    }
    const dryRun = invocation.options.dryRun === true;
    const { results, exitCode } = dryRun
      ? judge(await foreseeApplying(chosen.targets, current, ctx), chosen.wereAskedFor, ctx)
      : await applySwitch(chosen, ctx);
    const document: ApplyJson = {
      schema: "tta-persona/apply/1",
      persona: current.name,
      dryRun,
      applied: [...results],
    };
    const say = dryRun ? ctx.output.answer : ctx.output.done;
    say(document, `${current.name}\n${appliedText(results, ctx)}`);
    if (!dryRun) await deliverAfterWork(ctx);
    return exitCode;
  },
};

async function detectClients(invocation: Invocation, ctx: CliContext): Promise<number> {
  const detected = detectTargets(clientPlaces(ctx));
  const { targets: asked, wereAskedFor } = chosenTargets(invocation, ctx);
  const named = wereAskedFor ? asked.map(({ client }) => client) : [];
  const wanted = [...ctx.settings.apply.targets, ...hypertoolClients(detected), ...named];
  const saved = invocation.options.save === true;
  const targets = saved
    ? APPLY_CLIENTS.filter((client) => wanted.includes(client))
    : targetsNamed(ctx.settings.apply.targets).map(({ client }) => client);
  if (saved && targets.length > 0) await writeUserSetting(ctx.home, "apply.targets", targets.join(","));
  const document: ApplyDetectJson = {
    schema: "tta-persona/apply-detect/1",
    clients: detected.map((one) => ({ ...one, enabled: targets.some((client) => client === one.client) })),
    targets: [...targets],
    saved: saved && targets.length > 0,
  };
  const rows = document.clients.map(({ client, file, state, message, doc, enabled }) => [
    enabled ? "*" : " ",
    client,
    STATES[state],
    printable(message ?? file ?? doc),
  ]);
  const tail = targets.length === 0 ? "none is enabled" : `enabled (apply.targets): ${targets.join(", ")}`;
  const how = saved ? "" : "; --save enables those with Hypertool";
  ctx.output.answer(document, `${table(rows)}${tail}${how}\n`);
  return ExitCode.done;
}

const STATES: Readonly<Record<ApplyDetectJson["clients"][number]["state"], string>> = {
  hypertool: "starts Hypertool",
  "no-hypertool": "no Hypertool in it",
  missing: "not here",
  unusable: "cannot be edited",
  "by-name": "when named",
};
