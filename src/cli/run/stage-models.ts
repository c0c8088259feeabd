import { UserError } from "../../core/errors.ts";
import type { Masker } from "../../core/mask.ts";
import type { CallResult } from "../../llm/call-model.ts";
import type { Endpoint } from "../../llm/endpoint.ts";
import type { ModelCaller, StageAnswer } from "../../workflow/model-call.ts";
import { createCallGate } from "../call-gate.ts";
import type { CliContext } from "../context.ts";
import { recordContext } from "../llm-context.ts";
import { notRecorded } from "../long-work.ts";
import { maskingOf } from "../masking.ts";
import type { RunView } from "./plain-view.ts";

/**
 * Calls of models for the stages of a run: by the user's keys and settings, within the personas' budgets, written down
 * without what the run knows as secret. Everything that it takes is loaded with the first call.
 */
export function createStageModels(ctx: CliContext, masker: Masker, view: RunView): ModelCaller {
  const quiet = { ...ctx, output: besideView(ctx, view) };
  return {
    async call({ place, trace, model = ctx.settings.llm.model, messages, ...request }, { signal, onText }) {
      const { resolveEndpoint } = await import("../../llm/endpoint.ts");
      const { callModel } = await import("../../llm/call-model.ts");
      const { createTextKeeper } = await import("../../llm/keep-texts.ts");
      if (model === undefined) {
        const hint = "give model, or: tta-persona config set llm.model openai/gpt-4o";
        return notAsked("no-model", `no model is named; ${hint}`);
      }
      const endpoint = resolveEndpoint(model, ctx.env, ctx.settings.llm);
      if (!endpoint.ok) {
        const { reason, message, hint = "" } = endpoint.error;
        return notAsked(reason, `${message} ${hint}`.trim());
      }
      try {
        const result = await callModel(
          { ...request, endpoint: endpoint.value, place, trace, messages, stream: true },
          {
            ...(await recordContext(quiet)),
            texts: createTextKeeper(maskingOf(ctx, masker.values())),
            fetch: globalThis.fetch,
            signal,
            onText,
            gate: createCallGate(quiet),
            onTrouble: (error) => notRecorded(quiet, error),
          },
        );
        if (result.kind === "blocked") return notAsked("budget", result.verdict.message);
        return await answerOf(result, endpoint.value);
      } catch (error) {
        // Such as a price file that is broken.
        if (error instanceof UserError) return notAsked(error.reason, error.message);
        throw error;
      }
    },
  };
}

type Called = Extract<CallResult, { readonly kind: "called" }>;

function notAsked(type: string, message: string): StageAnswer {
  return { text: "", notes: [], error: { type, message }, wasAsked: false };
}

async function answerOf({ answer, limit }: Called, endpoint: Endpoint): Promise<StageAnswer> {
  const { callFailure, limitHint, mayRefuseLimit } = await import("../../llm/call-error.ts");
  const { text, warnings, outcome, error, response } = answer;
  const isCut = response?.finishReasons?.some((reason) => reason === "length" || reason === "max_tokens");
  const notes = [...warnings, ...(isCut ? [CUT_OFF] : [])];
  if (outcome === "ok") return { text, notes, wasAsked: true };
  if (error === undefined) {
    return { text, notes, error: { type: "cancelled", message: "cancelled" }, wasAsked: true };
  }
  const { message } = callFailure(error, endpoint);
  const hint = limit !== undefined && mayRefuseLimit(error) ? `. ${limitHint(limit)}` : "";
  return { text, notes, error: { type: error.type, message: `${message}${hint}` }, wasAsked: true };
}

const CUT_OFF = "the answer was cut off at the most tokens that it may have (maxTokens)";

/** What is told must not run into what is drawn. */
function besideView({ output }: CliContext, view: RunView): CliContext["output"] {
  return {
    ...output,
    note(line) {
      view.pause();
      output.note(line);
      view.resume();
    },
  };
}
