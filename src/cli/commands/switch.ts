import { formatDuration } from "../../core/duration.ts";
import { ExitCode, UserError } from "../../core/errors.ts";
import { loadCatalogue } from "../../persona/catalogue.ts";
import type { Persona } from "../../persona/persona.ts";
import { chatmodeSuffix, personaLabel, switchText } from "../../persona/session-text.ts";
import { type SwitchOutcome, switchPersona } from "../../persona/switch-persona.ts";
import { openLedger } from "../../projection/ledger-store.ts";
import {
  DEFAULT_CHATMODE,
  GLOBAL_SCOPE,
  NO_PERSONA,
  type ScopeState,
  type SessionState,
  viewSession,
} from "../../projection/session.ts";
import { openSession } from "../../projection/session-store.ts";
import { deliverAfterWork } from "../after-work.ts";
import { appliedPersona, type ChosenTargets, chosenTargets, clientOption } from "../apply-context.ts";
import type { AppliedJson } from "../apply-shapes.ts";
import {
  type Applied,
  applySwitch,
  assertApplicable,
  detectAtFirst,
  foreseeApplying,
  foreseeHooks,
  judge,
  runSwitchHooks,
} from "../apply-switch.ts";
import { appliedText } from "../apply-text.ts";
import { assertChatmode, findChatmode, otherPersona, personaFor } from "../chatmode.ts";
import { type Command, type Invocation, optionText } from "../command.ts";
import { type CliContext, switchContext } from "../context.ts";
import { findPersona, personaPlaces } from "../find-persona.ts";
import type { SwitchJson } from "../json-shapes.ts";
import { findPrevious } from "../previous-persona.ts";

export const command: Command = {
  name: "switch",
  summary: "Make a persona the active one",
  description:
    "A name may be shortened as long as it stays unambiguous, and `switch` may be left out. " +
    "Switching to what is already active changes nothing but files of agent tools that name another persona.\n\n" +
    "It is applied to the agent tools in the setting apply.targets, all of them or none. At the first switch those " +
    "that start Hypertool already are found and remembered. One whose file cannot be edited refuses the switch.",
  arguments: [
    {
      name: "persona",
      doc: "its name, or - for the previous one; with --chatmode alone, the one that the chatmode's file names",
      optional: true,
      complete: "personas",
    },
  ],
  options: [
    {
      flags: "--chatmode <name>",
      doc: "the chatmode that it works in, in kebab-case (default: default)",
      complete: "chatmodes",
    },
    clientOption,
    { flags: "--no-apply", doc: "record the switch, and leave the agent tools as they are" },
    {
      flags: "--dry-run",
      doc: "say what would happen, with what would change in which file, and write nothing",
    },
  ],
  examples: [
    { command: "tta-persona switch backend-engineer", doc: "by name" },
    { command: "tta-persona backend", doc: "the same, in short" },
    { command: "tta-persona switch -", doc: "back to the previous one, in its chatmode" },
    { command: "tta-persona switch testing --chatmode tdd", doc: "in a chatmode" },
    {
      command: "tta-persona switch --chatmode backend-developer",
      doc: "to the persona that the chatmode's file names",
    },
    {
      command: "tta-persona switch testing --client cursor --dry-run",
      doc: "what would change in Cursor's files",
    },
  ],
  exitCodes: {
    1:
      "it could not be written down, such as on a full disk, and nothing has changed; or an agent tool could not be " +
      "switched, as stderr tells",
  },
  json: "tta-persona/switch/1",
  async run(invocation, ctx) {
    const asked = optionText(invocation, "chatmode");
    if (asked !== undefined) assertChatmode(asked);
    const input = invocation.args[0] ?? inputOf(asked, ctx);
    if (invocation.options.dryRun === true) return dryRun(input, asked, invocation, ctx);
    const session = openSession(ctx.home);
    const scope = session.state.scopes[GLOBAL_SCOPE];
    const { persona, chatmode } = findTarget(input, asked, scope, ctx);
    const applies = invocation.options.apply !== false;
    const chosen = await chooseTargets(invocation, scope, false, ctx);
    const { targets } = chosen;
    if (targets.length > 0) assertApplicable(targets, appliedPersona(persona.name, chatmode, persona), ctx);
    const outcome = switchPersona(switchContext(ctx), session, persona.name, chatmode);
    const applied = await applySwitch(chosen, ctx);
    const hooks = applies ? await runSwitchHooks(outcome, ctx) : noHooks;
    const results = [...applied.results, ...hooks.results];
    const text = switchText(outcome, persona, ctx.paint) + appliedText(results, ctx);
    ctx.output.done(switchJson(outcome, false, results), text);
    warnOfOther(persona.name, asked, ctx);
    await deliverAfterWork(ctx);
    return Math.max(applied.exitCode, hooks.exitCode);
  },
};

/** The whole name of the persona that a chatmode's file names, where no persona was. */
function inputOf(chatmode: string | undefined, ctx: CliContext): string {
  if (chatmode !== undefined) return personaFor(findChatmode(chatmode, ctx), ctx).name;
  throw new UserError({
    reason: "missing-argument",
    message: 'Missing required argument "persona".',
    hint: "See: tta-persona switch --help",
  });
}

function warnOfOther(persona: string, chatmode: string | undefined, ctx: CliContext): void {
  if (chatmode === undefined) return;
  const warning = otherPersona(persona, chatmode, ctx.cwd(), loadCatalogue(personaPlaces(ctx)));
  if (warning !== undefined) ctx.output.note(warning);
}

const noHooks: Applied = { results: [], exitCode: ExitCode.done };

async function dryRun(
  input: string,
  asked: string | undefined,
  invocation: Invocation,
  ctx: CliContext,
): Promise<number> {
  // Opening the session might renew its snapshot; this writes nothing.
  const { session } = openLedger(ctx.home).state;
  const { persona, chatmode } = findTarget(input, asked, session.scopes[GLOBAL_SCOPE], ctx);
  const outcome = foresee(session, persona.name, chatmode, ctx.clock.now());
  const scope = session.scopes[GLOBAL_SCOPE];
  const { targets, wereAskedFor } = await chooseTargets(invocation, scope, true, ctx);
  const foreseen = await foreseeApplying(targets, appliedPersona(persona.name, chatmode, persona), ctx);
  const hooks = invocation.options.apply === false ? [] : foreseeHooks(outcome, ctx);
  const { results, exitCode } = judge([...foreseen, ...hooks], wereAskedFor, ctx);
  const text = dryRunText(outcome, persona, ctx) + appliedText(results, ctx);
  ctx.output.answer(switchJson(outcome, true, results), text);
  warnOfOther(persona.name, asked, ctx);
  return exitCode;
}

async function chooseTargets(
  invocation: Invocation,
  scope: ScopeState | undefined,
  isDryRun: boolean,
  ctx: CliContext,
): Promise<ChosenTargets> {
  const chosen = chosenTargets(invocation, ctx);
  if (invocation.options.apply === false) return { ...chosen, targets: [] };
  if (scope !== undefined || chosen.wereAskedFor) return chosen;
  return { ...chosen, targets: [...chosen.targets, ...(await detectAtFirst(ctx, isDryRun))] };
}

interface Target {
  readonly persona: Persona;
  readonly chatmode: string;
}

function findTarget(
  input: string,
  chatmode: string | undefined,
  scope: ScopeState | undefined,
  ctx: CliContext,
): Target {
  if (input !== "-") return { persona: findPersona(input, ctx), chatmode: chatmode ?? DEFAULT_CHATMODE };
  const previous = scope?.previous ?? null;
  if (previous === null) {
    throw new UserError({
      reason: "no-previous-persona",
      message: "There is no previous persona to go back to.",
      hint: "Name one. See: tta-persona list",
    });
  }
  return { persona: findPrevious(previous.persona, ctx), chatmode: chatmode ?? previous.chatmode };
}

/** What the switch would be, told from the session as it is now. */
function foresee(state: SessionState, persona: string, chatmode: string, now: number): SwitchOutcome {
  const before = viewSession(state, GLOBAL_SCOPE, now);
  if (before === undefined) {
    return { persona, chatmode, kind: "switched", from: NO_PERSONA, fromChatmode: DEFAULT_CHATMODE };
  }
  if (before.persona === persona && before.chatmode === chatmode) {
    return before.idle
      ? { persona, chatmode, kind: "resumed", endedAfterMs: before.durationMs }
      : { persona, chatmode, kind: "already", activeForMs: before.durationMs };
  }
  const { persona: from, chatmode: fromChatmode, durationMs } = before;
  return { persona, chatmode, kind: "switched", from, fromChatmode, endedAfterMs: durationMs };
}

function dryRunText(outcome: SwitchOutcome, persona: Persona, { paint }: CliContext): string {
  const label = personaLabel(outcome.persona, outcome.chatmode, persona, paint);
  const { from = NO_PERSONA, fromChatmode = DEFAULT_CHATMODE } = outcome;
  if (outcome.kind === "already") return `Would change nothing: ${label} is already active\n`;
  if (outcome.kind === "resumed") return `Would begin a new session of ${label}, which is idle\n`;
  if (from === NO_PERSONA) return `Would switch to ${label}\n`;
  const after = formatDuration(outcome.endedAfterMs ?? 0);
  return `Would switch to ${label}${paint.dim(` from ${from}${chatmodeSuffix(fromChatmode)} after ${after}`)}\n`;
}

function switchJson(outcome: SwitchOutcome, dryRun: boolean, applied: readonly AppliedJson[]): SwitchJson {
  const seconds = (ms: number | undefined) => (ms === undefined ? null : ms / 1000);
  return {
    schema: "tta-persona/switch/1",
    persona: outcome.persona,
    chatmode: outcome.chatmode,
    outcome: outcome.kind,
    dryRun,
    from: outcome.from ?? null,
    fromChatmode: outcome.fromChatmode ?? null,
    endedAfterSeconds: seconds(outcome.endedAfterMs),
    activeForSeconds: seconds(outcome.activeForMs),
    applied: [...applied],
  };
}
