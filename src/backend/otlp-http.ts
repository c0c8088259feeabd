import type { ExportResult } from "@opentelemetry/core";
import type { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { classifyError, type Undelivered } from "./classify-error.ts";
import { classifyResponse } from "./classify-response.ts";
import { type ObservedExchange, observeExchange } from "./observed-agent.ts";
import { type AttemptFactory, type Certificates, withinBudget } from "./otlp-attempt.ts";
import type { OtlpConfig } from "./otlp-config.ts";
import { exportOnce } from "./otlp-export.ts";
import type { DeliveryOutcome } from "./outcome.ts";
import { withoutOtlpEnvironment } from "./without-otlp-environment.ts";

type Exporter = Pick<OTLPTraceExporter, "export">;
type ExporterConfig = NonNullable<ConstructorParameters<typeof OTLPTraceExporter>[0]>;

export async function loadHttpAttempts(
  config: OtlpConfig,
  certificates: Certificates,
): Promise<AttemptFactory> {
  const createExporter = await loadExporter(config.protocol);

  async function exchangeOnce(
    spans: ReadableSpan[],
    budgetMs: number,
    started: (exchange: ObservedExchange) => boolean,
  ): Promise<DeliveryOutcome> {
    let networkFailure: Undelivered | undefined;
    let retryAfterSent: string | undefined;
    const exchange = await observeExchange(new URL(config.endpoint).protocol, certificates, {
      onResponse(response) {
        // A Retry-After beyond its timeout is what keeps the exporter from retrying by itself.
        retryAfterSent = response.headers["retry-after"];
        response.headers["retry-after"] = BEYOND_ANY_TIMEOUT_SECONDS;
      },
      onError(error, sent) {
        networkFailure ??= classifyError(error, sent);
        // Errors whose code it does not know are final for the exporter.
        Reflect.deleteProperty(error, "code");
      },
    });
    if (!started(exchange)) return { status: "unavailable", reason: "timeout" };
    const exporter = withoutOtlpEnvironment(() =>
      createExporter({
        url: config.endpoint,
        headers: { ...config.headers },
        compression: config.compression as NonNullable<ExporterConfig["compression"]>,
        timeoutMillis: budgetMs,
        userAgent: `${config.scope.name}/${config.scope.version}`,
        httpAgentOptions: () => exchange.agent,
      }),
    );
    const { result, rejected } = await exportOnce(exporter, spans);
    const failure = failureOf(exchange, result, retryAfterSent) ?? networkFailure;
    if (failure !== undefined) return failure;
    if (result.error !== undefined) return classifyError(result.error, exchange.sent());
    return { status: "accepted", ...(rejected !== undefined && { rejected }) };
  }

  return (spans, budgetMs) => {
    let exchange: ObservedExchange | undefined;
    let isOver = false;
    const answer = exchangeOnce(spans, budgetMs, (begun) => {
      exchange = begun;
      return !isOver;
    });
    return withinBudget(budgetMs, answer, () => {
      isOver = true;
      exchange?.abort();
      return { status: exchange?.sent() ? "doubtful" : "unavailable", reason: "timeout" };
    });
  };
}

const BEYOND_ANY_TIMEOUT_SECONDS = "99999999999";

async function loadExporter(protocol: OtlpConfig["protocol"]): Promise<(config: ExporterConfig) => Exporter> {
  const { OTLPTraceExporter } =
    protocol === "http/json"
      ? await import("./otlp-exporter-json.ts")
      : await import("./otlp-exporter-protobuf.ts");
  return (config) => new OTLPTraceExporter(config);
}

function failureOf(
  exchange: ObservedExchange,
  result: ExportResult,
  retryAfter: string | undefined,
): Undelivered | undefined {
  const response = exchange.response();
  if (response?.statusCode === undefined) return undefined;
  const { "retry-after": _, ...headers } = response.headers;
  const body = (result.error as { data?: unknown } | undefined)?.data;
  return classifyResponse(
    {
      status: response.statusCode,
      headers: { ...headers, "retry-after": retryAfter },
      ...(typeof body === "string" && { body }),
    },
    (status) => status >= 200 && status <= 299,
  );
}
