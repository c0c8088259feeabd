import type { Attributes } from "../core/span.ts";
import type { Fact } from "../journal/fact.ts";
import { isLlmCalled, isPersonaSwitched } from "../projection/facts.ts";
import {
  isProcessFinished,
  isProcessStarted,
  isRunFinished,
  isRunStarted,
  isStageFinished,
  isStageStarted,
} from "../projection/run-fact-guards.ts";
import type { SpanFold } from "./otlp-spans.ts";

/** What every span says of the trace that it belongs to. */
interface TraceIdentity {
  readonly persona?: string;
  readonly chatmode?: string;
  readonly traceName: string;
  readonly workflow?: string;
  readonly stage?: string;
  readonly runId?: string;
}

/**
 * The attributes by which Langfuse puts a span into its trace, and that under a user and a session: the persona and
 * its chatmode. A run as a whole belongs to the persona of its first stage.
 */
export function identityAttributes(fact: Fact, state: SpanFold): Attributes {
  const identity = identityOf(fact, state);
  if (identity === undefined) return {};
  const { persona, chatmode, traceName, workflow, stage, runId } = identity;
  const tags = [workflow, stage].filter((tag) => tag !== undefined);
  return {
    ...(persona === undefined ? {} : { "langfuse.user.id": persona }),
    ...(chatmode === undefined ? {} : { "langfuse.session.id": chatmode }),
    "langfuse.trace.name": traceName,
    ...(tags.length === 0 ? {} : { "langfuse.trace.tags": tags }),
    ...(runId === undefined ? {} : { "langfuse.trace.metadata.run_id": runId }),
  };
}

function identityOf(fact: Fact, state: SpanFold): TraceIdentity | undefined {
  if (isLlmCalled(fact)) {
    const { persona, chatmode, workflow, stage, runId, taskType } = fact.data;
    const traceName = workflow === undefined ? callName(persona, chatmode, taskType) : runName(workflow);
    return {
      persona,
      chatmode,
      traceName,
      ...optional("workflow", workflow),
      ...optional("stage", stage),
      ...optional("runId", runId),
    };
  }
  if (isPersonaSwitched(fact)) {
    const { persona, chatmode } = fact.data;
    return { persona, chatmode, traceName: "persona_switch" };
  }
  if (isStageStarted(fact) || isStageFinished(fact)) {
    const { persona, chatmode, workflow, stage, runId } = fact.data;
    return { persona, chatmode, traceName: runName(workflow), workflow, stage, runId };
  }
  if (isRunStarted(fact)) {
    const { workflow, runId, stages } = fact.data;
    const first = stages.find(({ reused }) => reused !== true) ?? stages[0];
    return {
      ...optional("persona", first?.persona),
      ...optional("chatmode", first?.chatmode),
      traceName: runName(workflow),
      workflow,
      runId,
    };
  }
  if (isRunFinished(fact)) {
    const { workflow, runId } = fact.data;
    return { traceName: runName(workflow), workflow, runId };
  }
  if (isProcessStarted(fact) || isProcessFinished(fact)) {
    const { executable, stage } = fact.data;
    const owner = ownerOf(fact, state);
    if (stage === undefined) return { ...owner, traceName: executable };
    return { ...owner, traceName: runName(stage.workflow), ...stage };
  }
  return undefined;
}

/** A process is its stage's, or the command of a session of its own. */
function ownerOf({ trace, scope }: Fact, state: SpanFold): Pick<TraceIdentity, "persona" | "chatmode"> {
  const parent = trace.parentSpanId === undefined ? undefined : state.open[trace.parentSpanId];
  const persona = parent?.span.attributes["langfuse.user.id"];
  const chatmode = parent?.span.attributes["langfuse.session.id"];
  if (typeof persona === "string" && typeof chatmode === "string") return { persona, chatmode };
  const session = state.session.scopes[scope]?.active;
  return session == null ? {} : { persona: session.persona, chatmode: session.chatmode };
}

/** What a call is called, where it has no task of its own. */
export function callName(persona: string, chatmode: string, taskType: string | undefined): string {
  return taskType === undefined ? `${persona}_${chatmode}_llm_call` : `${persona}_${taskType}`;
}

const runName = (workflow: string) => `workflow.${workflow}`;

function optional<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { readonly [key in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [key in Key]?: Value });
}
