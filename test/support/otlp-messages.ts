import type { MessageShape } from "./protobuf-reader.ts";

/**
 * The messages of `opentelemetry/proto/collector/trace/v1/trace_service.proto` and what they are made of, with
 * their field numbers. Source: https://github.com/open-telemetry/opentelemetry-proto (v1.7.0)
 */
export const exportTraceServiceRequest: MessageShape = () => ({
  1: ["resourceSpans", resourceSpans, "repeated"],
});

const resourceSpans: MessageShape = () => ({
  1: ["resource", resource],
  2: ["scopeSpans", scopeSpans, "repeated"],
  3: ["schemaUrl", "string"],
});

const resource: MessageShape = () => ({ 1: ["attributes", keyValue, "repeated"] });

const scopeSpans: MessageShape = () => ({
  1: ["scope", instrumentationScope],
  2: ["spans", span, "repeated"],
  3: ["schemaUrl", "string"],
});

const instrumentationScope: MessageShape = () => ({
  1: ["name", "string"],
  2: ["version", "string"],
  3: ["attributes", keyValue, "repeated"],
});

const span: MessageShape = () => ({
  1: ["traceId", "hex"],
  2: ["spanId", "hex"],
  3: ["traceState", "string"],
  4: ["parentSpanId", "hex"],
  5: ["name", "string"],
  6: ["kind", "int"],
  7: ["startTimeUnixNano", "fixed64"],
  8: ["endTimeUnixNano", "fixed64"],
  9: ["attributes", keyValue, "repeated"],
  11: ["events", event, "repeated"],
  13: ["links", link, "repeated"],
  15: ["status", status],
  16: ["flags", "fixed32"],
});

const event: MessageShape = () => ({
  1: ["timeUnixNano", "fixed64"],
  2: ["name", "string"],
  3: ["attributes", keyValue, "repeated"],
});

const link: MessageShape = () => ({
  1: ["traceId", "hex"],
  2: ["spanId", "hex"],
  3: ["traceState", "string"],
  4: ["attributes", keyValue, "repeated"],
});

const status: MessageShape = () => ({ 2: ["message", "string"], 3: ["code", "int"] });

const keyValue: MessageShape = () => ({ 1: ["key", "string"], 2: ["value", anyValue] });

const anyValue: MessageShape = () => ({
  1: ["stringValue", "string"],
  2: ["boolValue", "bool"],
  3: ["intValue", "int"],
  4: ["doubleValue", "double"],
  5: ["arrayValue", arrayValue],
  6: ["kvlistValue", keyValueList],
  7: ["bytesValue", "base64"],
});

const arrayValue: MessageShape = () => ({ 1: ["values", anyValue, "repeated"] });

const keyValueList: MessageShape = () => ({ 1: ["values", keyValue, "repeated"] });
