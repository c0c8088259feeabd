import type { Attributes, SpanRecord } from "../core/span.ts";
import type { Fact } from "../journal/fact.ts";
import {
  isGateChecked,
  isProcessFinished,
  isProcessStarted,
  isRunFinished,
  isRunStarted,
  isStageFinished,
  isStageStarted,
} from "../projection/run-fact-guards.ts";
import type {
  ProcessFinished,
  ProcessFinishedFact,
  ProcessStarted,
  RunFinished,
  RunFinishedFact,
  RunResult,
  RunStarted,
  StageFinished,
  StageFinishedFact,
  StageStarted,
} from "../projection/run-facts.ts";

/** A span whose end is not known yet. */
export type BegunSpan = Omit<SpanRecord, "endMs" | "status">;

/** How a span ended that a fact ends; undefined for one that is not shown, as of a skipped stage. */
export interface SpanEnd {
  readonly span: SpanRecord | undefined;
  /** Why it failed, in a few words, for the span above it. */
  readonly failure?: string;
}

/** The span that a fact begins, if it begins one. */
export function beginSpan(fact: Fact): BegunSpan | undefined {
  if (isRunStarted(fact)) {
    const { resumes } = fact.data;
    if (resumes === undefined) return runSpan(fact);
    const { traceId, spanId } = resumes;
    return { ...runSpan(fact), links: [{ traceId, spanId, attributes: {} }] };
  }
  if (isStageStarted(fact)) return stageSpan(fact);
  if (isProcessStarted(fact)) return processSpan(fact);
  return undefined;
}

/**
 * The span that a fact ends, if it ends one. All of it is in that one fact but its events and links (and what
 * a sink adds to its beginning), so a beginning that was evicted or lies before a sink's first day costs no
 * more than those.
 *
 * @param begun what its beginning told.
 * @param cause why a span below it failed.
 */
export function endSpan(
  fact: Fact,
  begun: BegunSpan | undefined,
  cause: string | undefined,
): SpanEnd | undefined {
  const known = {
    events: begun?.events ?? [],
    links: begun?.links ?? [],
    attributes: begun?.attributes ?? {},
  };
  if (isRunFinished(fact)) return { span: endRun(fact, known, cause) };
  if (isStageFinished(fact)) return endStage(fact, known);
  if (isProcessFinished(fact)) return { span: endProcess(fact, known) };
  return undefined;
}

/** A gate that was checked, as an event of its stage's span. */
export function gateEvent(fact: Fact): SpanRecord["events"][number] | undefined {
  if (!isGateChecked(fact)) return undefined;
  const { gate, kind, result, detail, score } = fact.data;
  return {
    name: "quality_gate",
    timeMs: fact.ts,
    attributes: {
      "gate.name": gate,
      "gate.kind": kind,
      "gate.result": result,
      "gate.detail": detail,
      ...(score === undefined ? {} : { "gate.score": score }),
    },
  };
}

/** A span whose process is gone, or that was open for too long: what it says instead of its end. */
export function interruptedSpan(begun: BegunSpan, endMs: number): SpanRecord {
  return {
    ...begun,
    endMs: Math.max(begun.startMs, endMs),
    attributes: { ...begun.attributes, ...interruptedAttributes(begun, endMs), "tta.interrupted": true },
    status: { code: "ERROR", message: "interrupted" },
  };
}

function interruptedAttributes({ kind, startMs }: BegunSpan, endMs: number): Attributes {
  switch (kind) {
    case "SERVER":
      return { "cicd.pipeline.result": "error", "error.type": "interrupted" };
    case "INTERNAL":
      return {
        "stage.duration_seconds": seconds(startMs, endMs),
        "stage.success": false,
        "cicd.pipeline.task.run.result": "error",
      };
    case "CLIENT":
      return { "error.type": "interrupted" };
  }
}

type Known = Pick<SpanRecord, "events" | "links" | "attributes">;

function runSpan(fact: Fact<string, RunStarted | RunFinished>): BegunSpan {
  const { workflow, runId } = fact.data;
  return begin(fact, `workflow.${workflow}`, "SERVER", {
    "workflow.name": workflow,
    "workflow.type": "multi_persona",
    "workflow.run_id": runId,
    "cicd.pipeline.name": workflow,
    "cicd.pipeline.run.id": runId,
  });
}

function endRun(fact: RunFinishedFact, known: Known, cause: string | undefined): SpanRecord {
  const { result } = fact.data;
  const begun = runSpan(fact);
  return {
    ...begun,
    ...known,
    endMs: fact.ts,
    attributes: {
      ...known.attributes,
      ...begun.attributes,
      "cicd.pipeline.result": result,
      ...(isGood(result) ? {} : { "error.type": result }),
    },
    status: statusOf(result, cause),
  };
}

function stageSpan(fact: Fact<string, StageStarted>): BegunSpan {
  const { stage, persona, workflow, runId } = fact.data;
  return begin(fact, `stage.${stage}`, "INTERNAL", {
    "stage.name": stage,
    "stage.persona": persona,
    "workflow.name": workflow,
    "cicd.pipeline.task.name": stage,
    "cicd.pipeline.task.run.id": `${runId}/${stage}`,
  });
}

function endStage(fact: StageFinishedFact, known: Known): SpanEnd {
  const { stage, result, error, startedAt } = fact.data;
  // It has not run, so there is nothing to show.
  if (result === "skip") return { span: undefined };
  const begun = stageSpan(fact);
  const span: SpanRecord = {
    ...begun,
    events: isGood(result) ? known.events : [...known.events, exceptionEvent(fact.data, fact.ts)],
    links: known.links,
    endMs: fact.ts,
    attributes: {
      ...known.attributes,
      ...begun.attributes,
      "stage.duration_seconds": seconds(startedAt, fact.ts),
      "stage.success": result === "success",
      ...(error === undefined ? {} : { "stage.error": error.message }),
      "cicd.pipeline.task.run.result": result,
    },
    status: statusOf(result, error?.message),
  };
  if (isGood(result)) return { span };
  return { span, failure: `stage ${stage}: ${error?.message || result}` };
}

/** As OpenTelemetry's conventions have it, with the last lines of standard error for the stack trace. */
function exceptionEvent({ error, result, stderrTail = [] }: StageFinished, timeMs: number) {
  return {
    name: "exception",
    timeMs,
    attributes: {
      "exception.type": error?.type ?? result,
      "exception.message": error?.message ?? result,
      ...(stderrTail.length === 0 ? {} : { "exception.stacktrace": stderrTail.join("\n") }),
    },
  };
}

function processSpan(fact: Fact<string, ProcessStarted | ProcessFinished>): BegunSpan {
  const { executable, pid } = fact.data;
  return begin(fact, executable, "CLIENT", {
    "process.executable.name": executable,
    "process.pid": pid,
  });
}

function endProcess(fact: ProcessFinishedFact, known: Known): SpanRecord {
  const { exitCode, signal, errorType } = fact.data;
  const begun = processSpan(fact);
  // One that was told to end has failed, even if it then ended with 0.
  const failed = exitCode !== 0 || errorType !== undefined;
  const how = exitCode === 0 ? errorType : `exited with ${exitCode}`;
  const message = signal === undefined ? how : `ended by ${signal}`;
  return {
    ...begun,
    ...known,
    endMs: fact.ts,
    attributes: {
      ...known.attributes,
      ...begun.attributes,
      "process.exit.code": exitCode,
      ...(failed ? { "error.type": errorType ?? String(exitCode) } : {}),
    },
    status: failed ? { code: "ERROR", message: message ?? "failed" } : { code: "OK" },
  };
}

function begin(
  fact: Fact<string, { readonly startedAt: number }>,
  name: string,
  kind: SpanRecord["kind"],
  attributes: Attributes,
): BegunSpan {
  return {
    identity: fact.trace,
    name,
    kind,
    // The clock may have been set between the two.
    startMs: Math.min(fact.data.startedAt, fact.ts),
    attributes,
    events: [],
    links: [],
    resource: fact.resource,
  };
}

function isGood(result: RunResult): boolean {
  return result === "success" || result === "skip";
}

function statusOf(result: RunResult, message: string | undefined): SpanRecord["status"] {
  return isGood(result) ? { code: "OK" } : { code: "ERROR", message: message || result };
}

function seconds(startMs: number, endMs: number): number {
  return Math.max(0, endMs - startMs) / 1000;
}
