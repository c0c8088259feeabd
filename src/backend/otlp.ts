import { readFile } from "node:fs/promises";
import { UserError } from "../core/errors.ts";
import type { SpanRecord } from "../core/span.ts";
import type { AttemptFactory, Certificates, OtlpAttempt } from "./otlp-attempt.ts";
import type { OtlpConfig, OtlpDestination } from "./otlp-config.ts";
import type { DeliveryOutcome } from "./outcome.ts";

export interface OtlpClient {
  /**
   * One attempt to deliver the spans, without retries: when to try again is the caller's decision.
   * Never rejects, and settles by the deadline whatever the backend does.
   *
   * @param deadlineMs how long the attempt may take from now on; the config's `timeoutMs` bounds it too
   */
  send(spans: readonly SpanRecord[], deadlineMs: number): Promise<DeliveryOutcome>;
  /** Ends what is under way; those sends settle as timeouts, and so does every later one. */
  close(): Promise<void>;
}

/**
 * Loads the exporter of the configured protocol and nothing of the others.
 *
 * @throws UserError when a certificate or key file cannot be read
 */
export async function createOtlpClient(config: OtlpConfig): Promise<OtlpClient> {
  const certificates = await readCertificates(config);
  const [createAttempt, { createSpanConverter }] = await Promise.all([
    loadProtocol(config, certificates),
    import("./otlp-span.ts"),
  ]);
  const toReadableSpans = createSpanConverter(config.scope);
  const underWay = new Set<OtlpAttempt>();
  let isClosed = false;

  return {
    async send(spans, deadlineMs) {
      if (spans.length === 0) return { status: "accepted" };
      const budgetMs = Math.min(deadlineMs, config.timeoutMs);
      if (isClosed || !(budgetMs > 0)) return { status: "unavailable", reason: "timeout" };
      const attempt = createAttempt(toReadableSpans(spans), Math.min(Math.ceil(budgetMs), MAX_TIMER_MS));
      underWay.add(attempt);
      try {
        return await attempt.outcome;
      } finally {
        underWay.delete(attempt);
      }
    },
    async close() {
      isClosed = true;
      for (const attempt of underWay) attempt.abort();
    },
  };
}

/** What `setTimeout` can wait at most; anything longer fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

async function loadProtocol(config: OtlpConfig, certificates: Certificates): Promise<AttemptFactory> {
  if (config.protocol === "grpc") {
    const { createGrpcAttempts } = await import("./otlp-grpc.ts");
    return createGrpcAttempts(config, certificates);
  }
  const { loadHttpAttempts } = await import("./otlp-http.ts");
  return loadHttpAttempts(config, certificates);
}

/** @throws UserError when one cannot be read. */
export async function readCertificates(config: OtlpDestination): Promise<Certificates> {
  const [ca, cert, key] = await Promise.all([
    readPem(config.certificate, "certificate"),
    readPem(config.clientCertificate, "client certificate"),
    readPem(config.clientKey, "client key"),
  ]);
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

async function readPem(path: string | undefined, what: string): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path);
  } catch {
    throw new UserError({
      reason: "otlp-certificate",
      message: `the OTLP ${what} cannot be read: ${path}`,
      hint: `correct OTEL_EXPORTER_OTLP_${what.toUpperCase().replace(" ", "_")}, or unset it`,
    });
  }
}
