import { targetsNamed } from "../../apply/targets.ts";
import { undo, type WayBack } from "../../apply/undo.ts";
import { ExitCode, UserError } from "../../core/errors.ts";
import type { Persona } from "../../persona/persona.ts";
import { switchText } from "../../persona/session-text.ts";
import { endSession, type SwitchOutcome, switchPersona } from "../../persona/switch-persona.ts";
import { GLOBAL_SCOPE, NO_PERSONA } from "../../projection/session.ts";
import { openSession } from "../../projection/session-store.ts";
import { deliverAfterWork } from "../after-work.ts";
import { appliedPersona, applyContext } from "../apply-context.ts";
import type { UndoJson } from "../apply-shapes.ts";
import { judge, runSwitchHooks } from "../apply-switch.ts";
import { appliedJson, appliedText } from "../apply-text.ts";
import type { Command } from "../command.ts";
import { type CliContext, switchContext } from "../context.ts";
import { findPrevious } from "../previous-persona.ts";

export const command: Command = {
  name: "undo",
  summary: "Take the last switch back, and what it changed in the agent tools",
  description:
    "It is a new switch, to the persona before, or to none where there was none. The files that the last switch was " +
    "applied to get the exact bytes that they had; where somebody else has changed one since, nothing happens. " +
    "Undoing twice is doing it again.",
  examples: [{ command: "tta-persona undo", doc: "back to where you were" }],
  exitCodes: {
    1: "somebody else has changed a file since, or an agent tool could not be switched; stderr tells which",
    2: "there is nothing to undo",
  },
  json: "tta-persona/undo/1",
  async run(_, ctx) {
    const done: Done = {};
    const undone = await undo(applyContext(ctx), targetsNamed(ctx.settings.apply.targets), () =>
      wayBack(ctx, done),
    );
    if (!undone.ok) throw new UserError(undone.error, ExitCode.failed);
    const { outcome, persona } = done;
    const applied = judge(
      undone.value.results.map((result) => appliedJson(result)),
      false,
      ctx,
    );
    const hooks =
      outcome === undefined ? { results: [], exitCode: ExitCode.done } : await runSwitchHooks(outcome, ctx);
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
        ? `Ended ${done.ended ?? NO_PERSONA}; no persona is active, as before\n`
        : switchText(outcome, persona, ctx.paint);
    ctx.output.done(document, told + appliedText(results, ctx));
    await deliverAfterWork(ctx);
    return Math.max(applied.exitCode, hooks.exitCode);
  },
};

/** What has been appended. */
interface Done {
  outcome?: SwitchOutcome;
  persona?: Persona;
  /** Whose session was ended, where nobody had been active before. */
  ended?: string;
}

function wayBack(ctx: CliContext, done: Done): WayBack {
  const session = openSession(ctx.home);
  const scope = session.state.scopes[GLOBAL_SCOPE];
  const previous = scope?.previous ?? null;
  if (previous === null) {
    if (scope?.active == null) throw nothingToUndo();
    return {
      to: undefined,
      run() {
        const ended = endSession(switchContext(ctx), session, GLOBAL_SCOPE);
        if (ended !== undefined) done.ended = ended.persona;
      },
    };
  }
  const persona = findPrevious(previous.persona, ctx);
  return {
    to: appliedPersona(persona.name, previous.chatmode, persona),
    run() {
      done.persona = persona;
      done.outcome = switchPersona(
        switchContext(ctx),
        session,
        GLOBAL_SCOPE,
        persona.name,
        previous.chatmode,
      );
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
