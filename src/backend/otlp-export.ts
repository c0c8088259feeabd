import { type DiagLogger, DiagLogLevel, diag } from "@opentelemetry/api";
import type { ExportResult } from "@opentelemetry/core";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { oneLine } from "./classify-response.ts";

/** Spans of an accepted request that the backend has thrown away, and why in its own words. */
export interface RejectedSpans {
  readonly count: number;
  readonly reason: string;
}

interface Exporter {
  export(spans: ReadableSpan[], callback: (result: ExportResult) => void): void;
}

/**
 * The exporters tell a partial success to nobody but the SDK's diagnostic logger, and call back in the same
 * tick: what was logged last when the callback comes belongs to that export, however many run at once.
 */
export function exportOnce(
  exporter: Exporter,
  spans: ReadableSpan[],
): Promise<{ readonly result: ExportResult; readonly rejected?: RejectedSpans }> {
  diag.setLogger(captureLogger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  return new Promise((resolve) => {
    exporter.export(spans, (result) => {
      const rejected = lastPartialSuccess;
      lastPartialSuccess = undefined;
      resolve({ result, ...(rejected !== undefined && { rejected }) });
    });
  });
}

let lastPartialSuccess: RejectedSpans | undefined;

const ignore = () => {};

/** Everything else the SDK has to say would only disturb the terminal. */
const captureLogger: DiagLogger = {
  error: ignore,
  info: ignore,
  debug: ignore,
  verbose: ignore,
  warn(...args: unknown[]) {
    const at = args.findIndex(
      (part) => typeof part === "string" && part.startsWith("Received Partial Success"),
    );
    if (at >= 0) lastPartialSuccess = parsePartialSuccess(args[at + 1]);
  },
};

function parsePartialSuccess(text: unknown): RejectedSpans | undefined {
  try {
    const { rejectedSpans, errorMessage } = JSON.parse(String(text));
    // In OTLP's JSON form a 64-bit integer may be a string.
    const count = Number(rejectedSpans ?? 0);
    return count > 0 ? { count, reason: oneLine(String(errorMessage ?? "")) } : undefined;
  } catch {
    return undefined;
  }
}
