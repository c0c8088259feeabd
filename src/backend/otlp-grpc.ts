import * as grpc from "@grpc/grpc-js";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { classifyError, type Undelivered } from "./classify-error.ts";
import { oneLine } from "./classify-response.ts";
import { type AttemptFactory, type Certificates, withinBudget } from "./otlp-attempt.ts";
import type { OtlpConfig } from "./otlp-config.ts";
import { exportOnce } from "./otlp-export.ts";
import type { DeliveryOutcome } from "./outcome.ts";
import { withoutOtlpEnvironment } from "./without-otlp-environment.ts";

type ExporterConfig = NonNullable<ConstructorParameters<typeof OTLPTraceExporter>[0]>;

/** This file loads gRPC: it is imported only when chosen. */
export function createGrpcAttempts(config: OtlpConfig, certificates: Certificates): AttemptFactory {
  // Its errors reach us as outcomes; it would print some of them as well.
  grpc.setLogVerbosity(grpc.logVerbosity.NONE);
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(config.headers)) metadata.set(name, value);

  function createCredentials(): grpc.ChannelCredentials {
    if (config.insecure) return grpc.credentials.createInsecure();
    const { ca, key, cert } = certificates;
    return grpc.credentials.createSsl(ca ?? null, key ?? null, cert ?? null);
  }

  function createExporter(budgetMs: number): OTLPTraceExporter {
    return withoutOtlpEnvironment(
      () =>
        new OTLPTraceExporter({
          // The exporter takes host and port out of the URL; with a scheme it does not know, :80 and :443 stay.
          url: config.endpoint.replace(/^https?:/, "grpc:"),
          metadata: metadata.clone(),
          credentials: createCredentials(),
          compression: config.compression as NonNullable<ExporterConfig["compression"]>,
          timeoutMillis: budgetMs,
          userAgent: `${config.scope.name}/${config.scope.version}`,
        }),
    );
  }

  async function exchangeOnce(spans: ReadableSpan[], budgetMs: number): Promise<DeliveryOutcome> {
    const exporter = createExporter(budgetMs);
    const { result, rejected } = await exportOnce(exporter, spans);
    await exporter.shutdown();
    if (result.error !== undefined) return classifyGrpcError(result.error);
    return { status: "accepted", ...(rejected !== undefined && { rejected }) };
  }

  // The call's own deadline ends it after ours, or an abort, has settled the outcome; nothing else can.
  return (spans, budgetMs) =>
    withinBudget(budgetMs, exchangeOnce(spans, budgetMs), () => ({ status: "doubtful", reason: "timeout" }));
}

/** https://grpc.io/docs/guides/status-codes/ */
const INVALID_ARGUMENT = 3;
const DEADLINE_EXCEEDED = 4;
const RESOURCE_EXHAUSTED = 8;
const UNAVAILABLE = 14;

function classifyGrpcError(error: Error): Undelivered {
  const { code, details } = error as { code?: unknown; details?: unknown };
  if (typeof code !== "number") return classifyError(error, false);
  const text = typeof details === "string" ? details : "";
  const reason = `grpc_${code}`;
  switch (code) {
    case DEADLINE_EXCEEDED:
      return { status: "doubtful", reason: "timeout" };
    case INVALID_ARGUMENT:
      return { status: "refused", reason, detail: oneLine(text) };
    case RESOURCE_EXHAUSTED:
      // The same code stands for "slow down" and, from every server with a size limit, for "too large".
      return /larger than max/i.test(text)
        ? { status: "refused", reason, detail: oneLine(text) }
        : { status: "unavailable", reason };
    case UNAVAILABLE:
      // grpc-js' words for a connection that was lost after the call had gone out over it.
      return /^Connection dropped|ECONNRESET/.test(text)
        ? { status: "doubtful", reason: "connection_reset" }
        : { status: "unavailable", reason };
    default:
      return { status: "unavailable", reason };
  }
}
