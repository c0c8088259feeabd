import type { Home } from "../core/home.ts";
import { createMasker } from "../core/mask.ts";
import { appendFact } from "../journal/append.ts";
import { type FactContext, makeFact } from "../journal/make-fact.ts";
import type { GuardDecided } from "../projection/guard-facts.ts";
import type { Decision } from "./decide.ts";

export interface RecordContext extends FactContext {
  readonly home: Home;
  readonly segmentBytes: number;
}

const MAX_TOOL = 200;
const MAX_PATH = 1000;

/**
 * Writes a decision down, unless nothing spoke against the tool.
 *
 * @throws the system's error when it could not be written.
 */
export function recordDecision(
  context: RecordContext,
  active: { readonly persona: string; readonly chatmode: string; readonly scope: string },
  tool: string,
  { decision, rule, path }: Decision,
): void {
  if (decision === "allow" || rule === null) return;
  const masker = createMasker({ secretValues: [] });
  const data: GuardDecided = {
    persona: active.persona,
    chatmode: active.chatmode,
    tool: masker.text(tool.slice(0, MAX_TOOL)),
    decision,
    rule,
    ...(path === undefined ? {} : { path: masker.text(path.slice(0, MAX_PATH)) }),
  };
  const fact = makeFact(context, { type: "guard.decided", scope: active.scope, data });
  appendFact({ dir: context.home.journal, segmentBytes: context.segmentBytes }, fact);
}
