import type { Result } from "../core/result.ts";
import type { SpanRecord } from "../core/span.ts";
import { withinDeadline } from "../core/within-deadline.ts";
import type { Undelivered } from "./classify-error.ts";
import { askLangfuse, type LangfuseProject, langfuseAuthorization, langfuseUrl } from "./langfuse-http.ts";
import { findObservations, type ObservationRange } from "./langfuse-observations.ts";
import { createOtlpClient } from "./otlp.ts";
import type { DeliveryOutcome } from "./outcome.ts";

export type ScoreDataType = "NUMERIC" | "BOOLEAN" | "CATEGORICAL";

/** A score as `POST /api/public/scores` takes it. */
export interface LangfuseScore {
  /** The same again changes the score there is, so that none is doubled. */
  readonly id: string;
  readonly traceId: string;
  readonly observationId?: string;
  readonly name: string;
  readonly value: number | string;
  readonly dataType: ScoreDataType;
  readonly comment?: string;
  readonly environment: string;
}

/** No method rejects. */
export interface LangfuseClient {
  /** Spans with Langfuse's attributes, by whichever way the project takes them. One attempt, as `OtlpClient` has it. */
  send(spans: readonly SpanRecord[], deadlineMs: number): Promise<DeliveryOutcome>;
  /** Which of these observations the project has. */
  findObservations(
    range: ObservationRange,
    deadlineMs: number,
  ): Promise<Result<ReadonlySet<string>, Undelivered>>;
  score(score: LangfuseScore, deadlineMs: number): Promise<DeliveryOutcome>;
  close(): Promise<void>;
}

/** Bounds one attempt, as OTLP's default does. */
const TIMEOUT_MS = 10_000;

/**
 * The client of one Langfuse project. Its OTLP export is its own: no `OTEL_*` variable of the user has a say in it.
 *
 * @param version of this program.
 */
export async function createLangfuseClient(
  project: LangfuseProject,
  version: string,
): Promise<LangfuseClient> {
  const otlp = await createOtlpClient({
    protocol: "http/protobuf",
    endpoint: langfuseUrl(project, "/otel/v1/traces").href,
    headers: {
      authorization: langfuseAuthorization(project),
      // Makes what was sent visible at once, not after a quarter of an hour.
      "x-langfuse-ingestion-version": "4",
    },
    compression: "gzip",
    timeoutMs: TIMEOUT_MS,
    scope: { name: "tta-persona", version },
  });
  const closing = new AbortController();
  const within = <Answer>(deadlineMs: number, ask: (signal: AbortSignal) => Promise<Answer>) =>
    withinDeadline(Math.max(0, Math.ceil(Math.min(deadlineMs, TIMEOUT_MS))), closing.signal, ask);

  return {
    send:
      project.ingestion === "otlp"
        ? otlp.send
        : async (spans, deadlineMs) => {
            const { ingest } = await import("./langfuse-ingestion.ts");
            return within(deadlineMs, (signal) => ingest(project, spans, signal));
          },
    findObservations: (range, deadlineMs) =>
      within(deadlineMs, (signal) => findObservations(project, range, signal)),
    async score(score, deadlineMs) {
      const request = { method: "POST", path: "/scores", body: score } as const;
      const answer = await within(deadlineMs, (signal) => askLangfuse(project, request, signal));
      return answer.ok ? { status: "accepted" } : answer.error;
    },
    async close() {
      closing.abort();
      await otlp.close();
    },
  };
}
