import { classifyError } from "../backend/classify-error.ts";
import { errorCode, type Failure } from "../core/errors.ts";
import type { LlmCalled } from "../projection/llm-facts.ts";
import type { Endpoint, Provider } from "./endpoint.ts";

export type CallError = NonNullable<LlmCalled["error"]>;

/** The answer broke off, the model would not answer, or the client could make nothing of what came. */
export const STREAM_CUT = "stream_cut";
export const REFUSED = "content_filter";
const INVALID_RESPONSE = "invalid_response";

/**
 * What a client's error comes down to: as type the HTTP status, the system's code, or a word of ours. The message is
 * the server's own and may hold anything.
 *
 * @param hasBegun whether a good answer had begun to come.
 */
export function callError(error: unknown, hasBegun: boolean): CallError {
  const cause = lastOf(error);
  const status = field(cause, "statusCode");
  const message = cause instanceof Error ? cause.message : serverMessage(cause);
  if (typeof status === "number" && status >= 300) return { type: String(status), message };
  const system = systemErrorOf(cause);
  if (system === undefined) return { type: hasBegun ? STREAM_CUT : INVALID_RESPONSE, message };
  const { code } = system;
  if (hasBegun) return { type: STREAM_CUT, message: `the answer broke off (${code})` };
  // The client says of each that it could not connect.
  return { type: code, message: wasNeverSent(system) ? message : serverMessage(system) };
}

/** Whether a request that ended so had no connection to go over: nobody can charge for it. */
export function wasNeverSent(error: unknown): boolean {
  const system = systemErrorOf(error);
  if (system?.code === "UND_ERR_CONNECT_TIMEOUT") return true;
  if (["read", "write"].includes(system?.syscall ?? "")) return false;
  // The system's own, unless it comes from a connection that stood, is of making one.
  if (system?.code === "ETIMEDOUT") return true;
  return ["connection_refused", "dns", "tls", "unreachable"].includes(classifyError(error, true).reason);
}

/** Gateways say these of a server that may have made its answer: it was late, or broke off. Others are a refusal. */
const IN_DOUBT: ReadonlySet<number> = new Set([502, 504, 520, 524]);

/** Whether the server says with this status that it gives no answer, which then costs nothing. */
export function isFreeStatus(status: number): boolean {
  return status >= 300 && !IN_DOUBT.has(status);
}

/** After retries, what the last attempt ended with. */
function lastOf(error: unknown): unknown {
  return field(error, "lastError") ?? error;
}

interface SystemError {
  readonly code: string;
  readonly syscall?: string;
}

function systemErrorOf(error: unknown, depth = 0): SystemError | undefined {
  if (error === undefined || error === null || depth > 5) return undefined;
  return errorCode(error) === undefined
    ? systemErrorOf(field(error, "cause"), depth + 1)
    : (error as SystemError);
}

/** An error within a stream is an object of the provider's. */
function serverMessage(error: unknown): string {
  const message = field(error, "message") ?? field(field(error, "error"), "message");
  return typeof message === "string" ? message : typeof error === "string" ? error : "unknown error";
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

/** Whether the server may have refused what a hard budget has sent along. */
export function mayRefuseLimit({ type }: CallError): boolean {
  return type === "400" || type === "422";
}

/** How to go on then. */
export function limitHint({ persona, budgetTokens, answerTokens }: AnswerLimit): string {
  return (
    `A hard budget has the answer limited to ${answerTokens} tokens (max_tokens). ` +
    "Where the model takes fewer only, set --max-tokens (in a workflow maxTokens); " +
    `where the server takes no limit: tta-persona budget set ${persona} ${budgetTokens} --soft`
  );
}

const KEYS: Readonly<Record<Provider, string>> = {
  openai: "OPENAI_API_KEY",
  anthropic: "ANTHROPIC_API_KEY",
  compatible: "llm.apiKey (TTA_PERSONA_LLM_API_KEY)",
  ollama: "what stands before Ollama",
};

const BASE_URLS: Readonly<Record<Provider, string>> = {
  openai: "OPENAI_BASE_URL",
  anthropic: "ANTHROPIC_BASE_URL",
  compatible: "llm.baseUrl",
  ollama: "whether Ollama is running",
};

/** The most that a hard budget lets an answer have where its caller sets no limit. Tokens. */
export interface AnswerLimit {
  readonly persona: string;
  readonly budgetTokens: number;
  readonly answerTokens: number;
}

/**
 * A failed call for people: what was wrong, and what to do about it.
 *
 * @param error masked.
 * @param limit what was sent to the server by a budget alone: some take none, or no such number.
 */
export function callFailure(
  error: CallError,
  { provider, model }: Pick<Endpoint, "provider" | "model">,
  limit?: AnswerLimit,
): Failure {
  const said = error.message === "" ? "" : `: ${error.message.replace(/\s+/g, " ").trim()}`;
  const failure = (reason: string, message: string, hint: string): Failure => ({ reason, message, hint });
  switch (error.type) {
    case "401":
    case "403":
      return failure("key-refused", `${provider} refused the key${said}`, `Check ${KEYS[provider]}.`);
    case "404":
      return failure(
        "unknown-model",
        `${provider} knows no model "${model}"${said}`,
        `Check how it is spelt, and ${BASE_URLS[provider]}.`,
      );
    case "413":
      return failure("prompt-too-long", `${provider} takes no prompt of this length${said}`, "Shorten it.");
    case "429":
      return failure(
        "rate-limited",
        `${provider} has had enough of requests${said}`,
        "Wait, or check the quota.",
      );
    case STREAM_CUT:
      return failure("stream-cut", `The answer broke off${said}`, "What came of it is recorded. Try again.");
    case REFUSED:
      return failure("model-refused", "The model would not answer this.", "Put it in other words.");
    case INVALID_RESPONSE:
      return failure(
        "invalid-response",
        `What ${provider} answered makes no sense${said}`,
        `Check ${BASE_URLS[provider]}.`,
      );
  }
  if (/^5\d\d$/.test(error.type)) {
    return failure("provider-failed", `${provider} failed with ${error.type}${said}`, "Try again later.");
  }
  if (/^\d+$/.test(error.type)) {
    return failure(
      "call-refused",
      `${provider} refused the call with ${error.type}${said}`,
      limit !== undefined && mayRefuseLimit(error) ? limitHint(limit) : "Check the model and the options.",
    );
  }
  if (!wasNeverSent({ code: error.type })) {
    return failure(
      "no-answer",
      `${provider} was reached, and no answer came (${error.type})${said}`,
      "It may charge for the request all the same. Try again later.",
    );
  }
  return failure(
    "unreachable",
    `${provider} cannot be reached (${error.type})${said}`,
    `Check the network, and ${BASE_URLS[provider]}.`,
  );
}
