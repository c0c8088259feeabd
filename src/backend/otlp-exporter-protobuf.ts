/** Loaded only when chosen; a file of its own for the reason given in prom-client.ts. */
export { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
