import type { Owner } from "../core/owner.ts";
import { type Fact, isOwner, isTime } from "../journal/fact.ts";
import { CALL_OUTCOMES, type LlmCalled, type LlmCalledFact, MAX_CALL_MS } from "./llm-facts.ts";

/**
 * What facts say, by type. Folds meet facts of every age and program, so they check what they use and pass
 * over the rest; nothing here is trusted because the type says so.
 */

export interface PersonaSwitched {
  readonly persona: string;
  readonly chatmode: string;
  /** When the command began, milliseconds since the epoch: the start of the switch's span. */
  readonly startedAt: number;
  /** After how long without a fact the session counts as over. Decided when the session begins. */
  readonly idleTimeoutMs: number;
  /** In a shell's scope the shell, so that its session can be ended once it is provably gone. */
  readonly shell?: Owner;
}

export interface PersonaEnded {
  /** `gone`: the shell was found dead, so the session ended with its last fact, not with this one. */
  readonly reason?: "gone";
}

export type PersonaSwitchedFact = Fact<"persona.switched", PersonaSwitched>;
export type PersonaEndedFact = Fact<"persona.ended", PersonaEnded>;

export function isPersonaSwitched(fact: Fact): fact is PersonaSwitchedFact {
  const data = fact.data as Partial<Record<keyof PersonaSwitched, unknown>>;
  return (
    fact.type === "persona.switched" &&
    isText(data.persona) &&
    isText(data.chatmode) &&
    isAmount(data.startedAt) &&
    isAmount(data.idleTimeoutMs) &&
    optional(isOwner)(data.shell)
  );
}

export function isPersonaEnded(fact: Fact): fact is PersonaEndedFact {
  return fact.type === "persona.ended";
}

export function isLlmCalled(fact: Fact): fact is LlmCalledFact {
  const data = fact.data as Partial<Record<keyof LlmCalled, unknown>>;
  return (
    fact.type === "llm.called" &&
    isText(data.persona) &&
    isText(data.chatmode) &&
    isText(data.model) &&
    OUTCOMES.has(data.outcome) &&
    isAmount(data.tokens) &&
    (data.costUsd === null || isAmount(data.costUsd)) &&
    [data.provider, data.operation, data.workflow, data.runId, data.stage, data.taskType].every(
      optional(isText),
    ) &&
    [data.startedAt, data.firstTokenAt].every(optional(isTime)) &&
    optional(isCallDuration)(data.durationSeconds) &&
    optional(isAmount)(data.attempts) &&
    optional(isUsage)(data.usage) &&
    optional(isCost)(data.cost) &&
    optional(isRequest)(data.request) &&
    optional(isResponse)(data.response) &&
    optional(isCallError)(data.error) &&
    optional(isServer)(data.server) &&
    optional(isPrompt)(data.prompt) &&
    optional(isExperiment)(data.experiment) &&
    [data.input, data.output].every(optional(isBody)) &&
    optional(isMetadata)(data.metadata)
  );
}

const OUTCOMES: ReadonlySet<unknown> = new Set(CALL_OUTCOMES);

type Check = (value: unknown) => boolean;

const optional = (check: Check): Check => {
  return (value) => value === undefined || check(value);
};

function isUsage(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { input, cachedInput, cacheCreation, cacheCreationHour = 0, output, reasoning } = value;
  return [input, cachedInput, cacheCreation, cacheCreationHour, output, reasoning].every(isAmount);
}

function isCost(value: unknown): boolean {
  return isObject(value) && [value.inputUsd, value.outputUsd].every(isAmount);
}

function isCallDuration(seconds: unknown): boolean {
  return isAmount(seconds) && seconds * 1000 <= MAX_CALL_MS;
}

function isRequest(value: unknown): boolean {
  return (
    isObject(value) &&
    optional(isAmount)(value.maxTokens) &&
    optional((temperature) => typeof temperature === "number")(value.temperature) &&
    optional((stream) => typeof stream === "boolean")(value.stream)
  );
}

function isResponse(value: unknown): boolean {
  return (
    isObject(value) &&
    [value.id, value.model].every(optional(isText)) &&
    optional((reasons) => Array.isArray(reasons) && reasons.every(isText))(value.finishReasons)
  );
}

function isCallError(value: unknown): boolean {
  return isObject(value) && isText(value.type) && typeof value.message === "string";
}

function isServer(value: unknown): boolean {
  return isObject(value) && isText(value.address) && isAmount(value.port);
}

function isPrompt(value: unknown): boolean {
  return isObject(value) && isText(value.name) && isAmount(value.version) && optional(isText)(value.label);
}

function isBody(value: unknown): boolean {
  if (!isObject(value) || !optional((isCut) => typeof isCut === "boolean")(value.isCut)) return false;
  return typeof value.text === "string" || (isText(value.hash) && isAmount(value.bytes));
}

function isMetadata(value: unknown): boolean {
  return isObject(value) && Object.values(value).every((one) => typeof one === "string");
}

function isExperiment(value: unknown): boolean {
  return isObject(value) && [value.id, value.name, value.datasetId, value.itemId].every(isText);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** Bounded, so that no sum can become infinite, which JSON has no number for. */
export function isAmount(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}
