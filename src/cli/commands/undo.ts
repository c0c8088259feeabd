import { targetsNamed } from "../../apply/targets.ts";
import { undo, type WayBack } from "../../apply/undo.ts";
import { ExitCode, UserError } from "../../core/errors.ts";
import type { Persona } from "../../persona/persona.ts";
import { placeText, switchText } from "../../persona/session-text.ts";
import { endSession, type SwitchOutcome, switchPersona } from "../../persona/switch-persona.ts";
import { GLOBAL_SCOPE, NO_PERSONA } from "../../projection/session.ts";
import { openSession } from "../../projection/session-store.ts";
import { deliverAfterWork } from "../after-work.ts";
import { appliedPersona, applyContext } from "../apply-context.ts";
import type { UndoJson } from "../apply-shapes.ts";
import { type Applied, judge, runSwitchHooks } from "../apply-switch.ts";
import { appliedJson, appliedText } from "../apply-text.ts";
import type { Command } from "../command.ts";
import { type CliContext, switchContext } from "../context.ts";
import { plainScope, readStanding } from "../persona-in-force.ts";
import { findPrevious } from "../previous-persona.ts";

export const command: Command = {
  name: "undo",
  summary: "Take the last switch back, and what it changed in the agent tools",
  description:
    "It is a new switch, to the persona before, or to none where there was none. The files that the last switch was " +
    "applied to get the exact bytes that they had; where somebody else has changed one since, nothing happens. " +
    "Undoing twice is doing it again. In a shell with a persona of its own it is that shell's switch which is taken back.",
  examples: [{ command: "tta-persona undo", doc: "back to where you were" }],
  exitCodes: {
    1: "somebody else has changed a file since, or an agent tool could not be switched; stderr tells which",
    2: "there is nothing to undo",
  },
  json: "tta-persona/undo/1",
  async run(_, ctx) {
    const scope = plainScope(readStanding(ctx));
    const done: Done = {};
    const applied = scope === GLOBAL_SCOPE ? await undoApplied(ctx, done) : undoShell(ctx, scope, done);
    const { outcome, persona } = done;
    const hooks =
      outcome === undefined || scope !== GLOBAL_SCOPE ? nothing : await runSwitchHooks(outcome, ctx);
    const results = [...applied.results, ...hooks.results];
    const document: UndoJson = {
      schema: "tta-persona/undo/1",
      persona: outcome?.persona ?? null,
      chatmode: outcome?.chatmode ?? null,
      from: outcome?.from ?? done.ended ?? null,
      applied: results,
    };
    const told =
      outcome === undefined || persona === undefined
        ? `Ended ${done.ended ?? NO_PERSONA}${placeText(scope)}; no persona is active${placeText(scope)}, as before\n`
        : switchText(outcome, persona, ctx.paint);
    ctx.output.done(document, told + appliedText(results, ctx));
    await deliverAfterWork(ctx);
    return Math.max(applied.exitCode, hooks.exitCode);
  },
};

const nothing: Applied = { results: [], exitCode: ExitCode.done };

async function undoApplied(ctx: CliContext, done: Done): Promise<Applied> {
  const targets = targetsNamed(ctx.settings.apply.targets);
  const undone = await undo(applyContext(ctx), targets, () => wayBack(ctx, GLOBAL_SCOPE, done));
  if (!undone.ok) throw new UserError(undone.error, ExitCode.failed);
  const results = undone.value.results.map((result) => appliedJson(result));
  return judge(results, false, ctx);
}

/** The files of agent tools are those of all terminals, and a shell's own persona is in none of them. */
function undoShell(ctx: CliContext, scope: string, done: Done): Applied {
  wayBack(ctx, scope, done).run();
  return nothing;
}

/** What has been appended. */
interface Done {
  outcome?: SwitchOutcome;
  persona?: Persona;
  /** Whose session was ended, where nobody had been active before. */
  ended?: string;
}

function wayBack(ctx: CliContext, place: string, done: Done): WayBack {
  const session = openSession(ctx.home);
  const scope = session.state.scopes[place];
  const previous = scope?.previous ?? null;
  if (previous === null) {
    if (scope?.active == null) throw nothingToUndo();
    return {
      to: undefined,
      run() {
        const ended = endSession(switchContext(ctx), session, place);
        if (ended !== undefined) done.ended = ended.persona;
      },
    };
  }
  const persona = findPrevious(previous.persona, ctx);
  return {
    to: appliedPersona(persona.name, previous.chatmode, persona),
    run() {
      done.persona = persona;
      done.outcome = switchPersona(switchContext(ctx), session, place, persona.name, previous.chatmode);
    },
  };
}

function nothingToUndo(): UserError {
  return new UserError({
    reason: "nothing-to-undo",
    message: "There is no switch to take back.",
    hint: "See: tta-persona history",
  });
}
