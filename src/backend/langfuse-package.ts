import { type ApiIngestionEvent, Langfuse } from "langfuse";
import { err, ok, type Result } from "../core/result.ts";
import { classifyError, type Undelivered } from "./classify-error.ts";
import { classifyResponse } from "./classify-response.ts";
import { type LangfuseProject, langfuseUrl } from "./langfuse-http.ts";

/**
 * One batch for the ingestion API through the npm package `langfuse`; the answer's JSON. Only the package's low-level
 * client is used: one request, with a signal of ours, whose status and headers are told. Its queue is not, since that
 * one prints, waits and retries as it likes, and tells nobody what became of a batch. Never rejects.
 */
export async function ingestBatch(
  project: LangfuseProject,
  batch: ApiIngestionEvent[],
  signal: AbortSignal,
): Promise<Result<unknown, Undelivered>> {
  try {
    const answer: unknown = await clientOf(project).api.ingestionBatch(
      { batch },
      // As a text, an answer that broke off (null) can be told from one that is no JSON.
      { format: "text", redirect: "manual", signal, headers: { "user-agent": project.userAgent } },
    );
    if (typeof answer === "string") return parse(answer);
    return err({ status: "unavailable", reason: signal.aborted ? "timeout" : "connection_reset" });
  } catch (error) {
    return err(isResponse(error) ? refusalOf(error) : classifyError(error, false));
  }
}

/** Everything that it would look for in the environment is said here, so that no variable has a say in it. */
function clientOf(project: LangfuseProject): Langfuse {
  return new Langfuse({
    baseUrl: langfuseUrl(project, "").href.replace(/\/api\/public$/, ""),
    publicKey: project.publicKey,
    secretKey: project.secretKey,
    environment: "default",
    release: "none",
    sampleRate: 1,
  });
}

/** What it throws where the status is no success: the answer, and its text as `error`. */
type Refusal = Response & { readonly error?: unknown };

function isResponse(error: unknown): error is Refusal {
  return error instanceof Response;
}

function refusalOf({ status, headers, error }: Refusal): Undelivered {
  const body = typeof error === "string" ? { body: error } : {};
  const refusal = classifyResponse({ status, headers: Object.fromEntries(headers), ...body }, () => false);
  return refusal ?? { status: "unavailable", reason: "invalid_response" };
}

function parse(text: string): Result<unknown, Undelivered> {
  try {
    return ok(JSON.parse(text));
  } catch {
    return err({ status: "unavailable", reason: "invalid_response" });
  }
}
