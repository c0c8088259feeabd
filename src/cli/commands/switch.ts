import { formatDuration } from "../../core/duration.ts";
import { ExitCode, UserError } from "../../core/errors.ts";
import { loadCatalogue } from "../../persona/catalogue.ts";
import type { Persona } from "../../persona/persona.ts";
import { chatmodeSuffix, personaLabel, placeText, switchText } from "../../persona/session-text.ts";
import { type SwitchOutcome, switchPersona } from "../../persona/switch-persona.ts";
import { openLedger } from "../../projection/ledger-store.ts";
import {
  DEFAULT_CHATMODE,
  GLOBAL_SCOPE,
  NO_PERSONA,
  type SessionState,
  viewSession,
} from "../../projection/session.ts";
import { openSession, type SessionReader } from "../../projection/session-store.ts";
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
import { personaPlaces } from "../find-persona.ts";
import { readStanding } from "../persona-in-force.ts";
import { LEFT, pickPersona } from "../pick/pick.ts";
import { switchProject } from "../project-scope.ts";
import { type ScopeTarget, scopeNotes, scopeOption, scopeTarget } from "../scope-option.ts";
import type { SwitchJson } from "../session-shapes.ts";
import { findTarget, type SwitchTarget } from "../switch-target.ts";

export const command: Command = {
  name: "switch",
  summary: "Make a persona the active one",
  description:
    "A name may be shortened as long as it stays unambiguous, and `switch` may be left out. " +
    "Switching to what is already active changes nothing but files of agent tools that name another persona.\n\n" +
    "It is applied to the agent tools in the setting apply.targets, all of them or none. At the first switch those " +
    "that start Hypertool already are found and remembered. One whose file cannot be edited refuses the switch.\n\n" +
    "A shell or a project may have a persona of its own, which goes before the global one there: `--scope shell` gives " +
    "it to the shell that `shell-init` has set up, `--scope project` writes `.tta-persona/persona`. In a shell with a " +
    "persona of its own, a plain switch is that shell's. Agent tools, whose files are those of all terminals, follow the " +
    "global one only. Where something goes before what was switched, one line on stderr says so.",
  arguments: [
    {
      name: "persona",
      doc: "its name, or - for the previous one; left out, the one that the chatmode's file names, or a list to choose from",
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
    scopeOption,
    clientOption,
    { flags: "--no-apply", doc: "record the switch, and leave the agent tools as they are" },
    {
      flags: "--dry-run",
      doc: "say what would happen, with what would change in which file, and write nothing",
    },
    { flags: "--no-interactive", doc: "do not let choose from a list where no name is given" },
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
    { command: "tta-persona switch devops --scope shell", doc: "in this terminal only" },
    { command: "tta-persona switch data --scope project", doc: "for everything below this project" },
    {
      command: "tta-persona switch testing --client cursor --dry-run",
      doc: "what would change in Cursor's files",
    },
  ],
  exitCodes: {
    1:
      "it could not be written down, such as on a full disk, and nothing has changed; or an agent tool could not be " +
      "switched, as stderr tells",
    [LEFT]: "left the list without choosing; nothing has changed",
  },
  json: "tta-persona/switch/1",
  async run(invocation, ctx) {
    const asked = optionText(invocation, "chatmode");
    if (asked !== undefined) assertChatmode(asked);
    const input = invocation.args[0] ?? (await inputOf(asked, invocation.options.interactive !== false, ctx));
    if (input === undefined) return LEFT;
    // Opening the session might renew its snapshot; a dry run writes nothing.
    const reader = invocation.options.dryRun === true ? undefined : openSession(ctx.home);
    const state = reader?.state ?? openLedger(ctx.home).state.session;
    const standing = readStanding(ctx, state);
    const place = scopeTarget(invocation, standing, ctx);
    const to = findTarget(input, asked, state.scopes[place.scope], ctx);
    const chosen = await chooseTargets(invocation, place, state, reader === undefined, ctx);
    const exitCode =
      reader === undefined
        ? await dryRun(to, place, state, chosen, ctx)
        : await makeSwitch(to, place, reader, chosen, ctx);
    warnOfOther(to.persona.name, asked, ctx);
    for (const line of scopeNotes(place, standing, ctx)) ctx.output.note(line);
    if (reader !== undefined) await deliverAfterWork(ctx);
    return exitCode;
  },
};

async function makeSwitch(
  { persona, chatmode }: SwitchTarget,
  { scope, project }: ScopeTarget,
  session: SessionReader,
  chosen: Chosen,
  ctx: CliContext,
): Promise<number> {
  const { targets } = chosen;
  if (targets.length > 0) assertApplicable(targets, appliedPersona(persona.name, chatmode, persona), ctx);
  const outcome =
    project === undefined
      ? switchPersona(switchContext(ctx), session, scope, persona.name, chatmode)
      : switchProject(ctx, session, project, persona.name, chatmode);
  const applied = await applySwitch(chosen, ctx);
  const hooks = chosen.runsHooks ? await runSwitchHooks(outcome, ctx) : noHooks;
  const results = [...applied.results, ...hooks.results];
  const text = switchText(outcome, persona, ctx.paint) + appliedText(results, ctx);
  ctx.output.done(switchJson(outcome, false, results), text);
  return Math.max(applied.exitCode, hooks.exitCode);
}

/** Where no persona was named: the one that the chatmode's file names, or that a person chooses, if they do. */
async function inputOf(
  chatmode: string | undefined,
  isInteractive: boolean,
  ctx: CliContext,
): Promise<string | undefined> {
  if (chatmode !== undefined) return personaFor(findChatmode(chatmode, ctx), ctx).name;
  const picked = await pickPersona(ctx, isInteractive);
  if (picked.kind === "chosen") return picked.persona;
  if (picked.kind === "left") return undefined;
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
  { persona, chatmode }: SwitchTarget,
  { scope }: ScopeTarget,
  state: SessionState,
  { targets, wereAskedFor, runsHooks }: Chosen,
  ctx: CliContext,
): Promise<number> {
  const outcome = foresee(state, scope, persona.name, chatmode, ctx.clock.now());
  const foreseen = await foreseeApplying(targets, appliedPersona(persona.name, chatmode, persona), ctx);
  const hooks = runsHooks ? foreseeHooks(outcome, ctx) : [];
  const { results, exitCode } = judge([...foreseen, ...hooks], wereAskedFor, ctx);
  const text = dryRunText(outcome, persona, ctx) + appliedText(results, ctx);
  ctx.output.answer(switchJson(outcome, true, results), text);
  return exitCode;
}

interface Chosen extends ChosenTargets {
  readonly runsHooks: boolean;
}

/** The files of agent tools are those of all terminals, so they follow the global scope only. */
async function chooseTargets(
  invocation: Invocation,
  { scope }: ScopeTarget,
  state: SessionState,
  isDryRun: boolean,
  ctx: CliContext,
): Promise<Chosen> {
  const chosen = chosenTargets(invocation, ctx);
  if (scope !== GLOBAL_SCOPE && chosen.wereAskedFor) {
    throw new UserError({
      reason: "client-of-scope",
      message: "Agent tools follow the global persona, so --client does not go with a shell or a project.",
      hint: "For an agent of its own: tta-persona exec --persona <persona> --mcp-config -- claude",
    });
  }
  const runsHooks = scope === GLOBAL_SCOPE && invocation.options.apply !== false;
  if (!runsHooks) return { ...chosen, targets: [], runsHooks };
  if (state.scopes[scope] !== undefined || chosen.wereAskedFor) return { ...chosen, runsHooks };
  const targets = [...chosen.targets, ...(await detectAtFirst(ctx, isDryRun))];
  return { ...chosen, targets, runsHooks };
}

/** What the switch would be, told from the session as it is now. */
function foresee(
  state: SessionState,
  scope: string,
  persona: string,
  chatmode: string,
  now: number,
): SwitchOutcome {
  const before = viewSession(state, scope, now);
  if (before === undefined) {
    return { scope, persona, chatmode, kind: "switched", from: NO_PERSONA, fromChatmode: DEFAULT_CHATMODE };
  }
  if (before.persona === persona && before.chatmode === chatmode) {
    return before.idle
      ? { scope, persona, chatmode, kind: "resumed", endedAfterMs: before.durationMs }
      : { scope, persona, chatmode, kind: "already", activeForMs: before.durationMs };
  }
  const { persona: from, chatmode: fromChatmode, durationMs } = before;
  return { scope, persona, chatmode, kind: "switched", from, fromChatmode, endedAfterMs: durationMs };
}

function dryRunText(outcome: SwitchOutcome, persona: Persona, { paint }: CliContext): string {
  const label = `${personaLabel(outcome.persona, outcome.chatmode, persona, paint)}${placeText(outcome.scope)}`;
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
    scope: outcome.scope,
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
