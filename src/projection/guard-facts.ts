import type { Fact } from "../journal/fact.ts";
import { isText } from "./facts.ts";

/** What the guard told an agent about one use of a tool. Plain allows are no facts: they are most of an agent's day. */
export interface GuardDecided {
  readonly persona: string;
  readonly chatmode: string;
  /** As the agent names it, `mcp__git__git_log`; masked. */
  readonly tool: string;
  readonly decision: "deny" | "ask";
  /** The field of the definition and what of it spoke, `restrictedPaths: infra/**`. */
  readonly rule: string;
  /** Absolute, masked; absent where it is about no path. Never what a file or a command holds. */
  readonly path?: string;
}

export type GuardDecidedFact = Fact<"guard.decided", GuardDecided>;

export function isGuardDecided(fact: Fact): fact is GuardDecidedFact {
  const data = fact.data as Partial<Record<keyof GuardDecided, unknown>>;
  return (
    fact.type === "guard.decided" &&
    [data.persona, data.chatmode, data.tool, data.rule].every(isText) &&
    (data.decision === "deny" || data.decision === "ask") &&
    (data.path === undefined || typeof data.path === "string")
  );
}
