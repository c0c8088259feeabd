import type { Fact } from "../journal/fact.ts";
import { isAmount, isText } from "./facts.ts";
import {
  GATE_KINDS,
  type GateChecked,
  type GateCheckedFact,
  type PlannedStage,
  type ProcessFinished,
  type ProcessFinishedFact,
  type ProcessStage,
  type ProcessStarted,
  type ProcessStartedFact,
  RUN_RESULTS,
  type RunFinished,
  type RunFinishedFact,
  type RunResult,
  type RunStarted,
  type RunStartedFact,
  type StageFinished,
  type StageFinishedFact,
  type StageStarted,
  type StageStartedFact,
} from "./run-facts.ts";

/** Nothing in a fact is trusted because its type says so; apart from `facts.ts`, which hot commands load. */
type Claimed<Data> = Partial<Record<keyof Data, unknown>>;

export function isRunStarted(fact: Fact): fact is RunStartedFact {
  const data: Claimed<RunStarted> = fact.data;
  return (
    fact.type === "run.started" &&
    isText(data.runId) &&
    isText(data.workflow) &&
    isListOf(data.stages, isPlannedStage) &&
    isAmount(data.startedAt) &&
    (data.resumes === undefined || isResumedRun(data.resumes))
  );
}

export function isRunFinished(fact: Fact): fact is RunFinishedFact {
  const data: Claimed<RunFinished> = fact.data;
  return (
    fact.type === "run.finished" &&
    isText(data.runId) &&
    isText(data.workflow) &&
    isRunResult(data.result) &&
    isAmount(data.startedAt)
  );
}

export function isStageStarted(fact: Fact): fact is StageStartedFact {
  return fact.type === "stage.started" && isStage(fact.data);
}

export function isStageFinished(fact: Fact): fact is StageFinishedFact {
  const data: Claimed<StageFinished> = fact.data;
  return (
    fact.type === "stage.finished" &&
    isStage(data) &&
    isRunResult(data.result) &&
    isCount(data.attempts) &&
    isListOf(data.outputs, isText) &&
    (data.error === undefined || isFailure(data.error)) &&
    (data.stderrTail === undefined || isListOf(data.stderrTail, isString))
  );
}

export function isProcessStarted(fact: Fact): fact is ProcessStartedFact {
  return fact.type === "process.started" && isProcess(fact.data);
}

export function isProcessFinished(fact: Fact): fact is ProcessFinishedFact {
  const data: Claimed<ProcessFinished> = fact.data;
  return (
    fact.type === "process.finished" &&
    isProcess(data) &&
    isCount(data.exitCode) &&
    (data.signal === undefined || isText(data.signal)) &&
    (data.errorType === undefined || isText(data.errorType))
  );
}

export function isGateChecked(fact: Fact): fact is GateCheckedFact {
  const data: Claimed<GateChecked> = fact.data;
  return (
    fact.type === "gate.checked" &&
    isText(data.runId) &&
    isText(data.workflow) &&
    isText(data.stage) &&
    isText(data.gate) &&
    GATE_KINDS.some((kind) => kind === data.kind) &&
    (data.result === "passed" || data.result === "failed") &&
    isString(data.detail) &&
    isAmount(data.startedAt) &&
    (data.score === undefined || isAmount(data.score)) &&
    (data.reason === undefined || isString(data.reason))
  );
}

function isStage(data: Claimed<StageStarted>): boolean {
  return (
    isText(data.runId) &&
    isText(data.workflow) &&
    isText(data.stage) &&
    isText(data.persona) &&
    isText(data.chatmode) &&
    isAmount(data.startedAt)
  );
}

function isProcess(data: Claimed<ProcessStarted>): boolean {
  return (
    isText(data.executable) &&
    isCount(data.pid) &&
    isAmount(data.startedAt) &&
    (data.stage === undefined || isProcessStage(data.stage))
  );
}

function isProcessStage(value: unknown): boolean {
  const { runId, workflow, stage, attempt } = claimed<ProcessStage>(value);
  return isText(runId) && isText(workflow) && isText(stage) && isCount(attempt);
}

function isPlannedStage(value: unknown): boolean {
  const { id, persona, chatmode, needs, gates, reused } = claimed<PlannedStage>(value);
  return (
    isText(id) &&
    isText(persona) &&
    isText(chatmode) &&
    isListOf(needs, isText) &&
    isListOf(gates, isText) &&
    (reused === undefined || typeof reused === "boolean")
  );
}

/** A link with a malformed id would make a backend refuse the span. */
function isResumedRun(value: unknown): boolean {
  const { runId, traceId, spanId } = claimed<NonNullable<RunStarted["resumes"]>>(value);
  return isText(runId) && isHex(traceId, 32) && isHex(spanId, 16);
}

function isFailure(value: unknown): boolean {
  const { type, message } = claimed<NonNullable<StageFinished["error"]>>(value);
  return isText(type) && isString(message);
}

function isRunResult(value: unknown): value is RunResult {
  return RUN_RESULTS.some((result) => result === value);
}

function isHex(value: unknown, digits: number): boolean {
  return isText(value) && value.length === digits && /^[0-9a-f]+$/.test(value);
}

function isCount(value: unknown): value is number {
  return isAmount(value) && Number.isInteger(value);
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem);
}

function claimed<Data>(value: unknown): Claimed<Data> {
  return typeof value === "object" && value !== null ? value : {};
}
