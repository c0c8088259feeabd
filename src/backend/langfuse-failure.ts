import { formatDuration } from "../core/duration.ts";
import type { Failure } from "../core/errors.ts";
import type { Undelivered } from "./classify-error.ts";

/**
 * Why Langfuse did not do what it was asked, for people. Reasons: `langfuse-keys`, `langfuse-busy`,
 * `langfuse-refused`, and `langfuse-unreachable` for all that may pass.
 */
export function langfuseFailure(problem: Undelivered): Failure {
  const { reason } = problem;
  const http = /^http_(\d+)$/.exec(reason)?.[1];
  if (http === "401" || http === "403") {
    return {
      reason: "langfuse-keys",
      message: `Langfuse refused the keys (HTTP ${http}).`,
      hint: "Check langfuse.publicKey, langfuse.secretKey and langfuse.host. See: tta-persona doctor",
    };
  }
  if (http === "429") {
    const waitMs = problem.status === "unavailable" ? problem.retryAfterMs : undefined;
    const wait = waitMs === undefined ? "later" : `in ${formatDuration(waitMs)}`;
    return {
      reason: "langfuse-busy",
      message: "Langfuse has had enough of requests (HTTP 429).",
      hint: `Try again ${wait}.`,
    };
  }
  if (problem.status === "refused" || http === "409" || http === "422") {
    const detail = problem.status === "refused" && problem.detail !== undefined ? `: ${problem.detail}` : "";
    return {
      reason: "langfuse-refused",
      message: `Langfuse refused it (HTTP ${http ?? "?"}${detail}).`,
      hint: "Correct what it says.",
    };
  }
  return {
    reason: "langfuse-unreachable",
    message: `Langfuse did not answer (${http === undefined ? reason.replaceAll("_", " ") : `HTTP ${http}`}).`,
    hint: "Check langfuse.host and the network. See: tta-persona doctor",
  };
}
