import { gunzipSync } from "node:zlib";
import type { Answer, Behaviour, BehaviourPerRequest, FaultyServer, ReceivedRequest } from "./behaviour.ts";
import { startFaultyGrpcServer } from "./faulty-grpc-server.ts";
import { startFaultyServer } from "./faulty-server.ts";
import { exportTraceServiceRequest } from "./otlp-messages.ts";
import { MalformedSpans, type ReceivedSpan, spansOfRequest } from "./otlp-spans.ts";
import { readMessage } from "./protobuf-reader.ts";

export interface OtlpServerOptions {
  /** `http` takes protobuf and JSON, by content type. */
  readonly protocol: "http" | "grpc";
  readonly behaviour?: Behaviour | BehaviourPerRequest;
  readonly port?: number;
  /** A whole request that holds such a span is answered 400, and nothing of it is accepted. */
  readonly isPoison?: (span: ReceivedSpan) => boolean;
  /** Such spans alone are left out, with a 200 that says so in `partial_success`. */
  readonly isRejected?: (span: ReceivedSpan) => boolean;
  /** Larger requests (decompressed) are answered 413. */
  readonly maxRequestBytes?: number;
}

export interface OtlpServer extends FaultyServer {
  /** Accepted spans in the order of arrival, each time they were accepted. */
  spans(): readonly ReceivedSpan[];
  /** Ids of spans that were accepted more than once. */
  duplicateSpanIds(): readonly string[];
}

const GRPC_PATH = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/** Starts an OTLP backend for traces that keeps what it accepts. HTTP: any path ending in `/v1/traces`. */
export async function startOtlpServer(options: OtlpServerOptions): Promise<OtlpServer> {
  const accepted: ReceivedSpan[] = [];
  const start = options.protocol === "grpc" ? startFaultyGrpcServer : startFaultyServer;
  const server = await start({
    handler: (request) => {
      try {
        return accept(request);
      } catch (error) {
        return { status: 400, body: error instanceof Error ? error.message : String(error) };
      }
    },
    ...(options.behaviour !== undefined && { behaviour: options.behaviour }),
    ...(options.port !== undefined && { port: options.port }),
  });

  function accept(request: ReceivedRequest): Answer {
    const isGrpc = options.protocol === "grpc";
    const path = request.path.split("?")[0] ?? "";
    if (isGrpc ? path !== GRPC_PATH : !path.endsWith("/v1/traces")) return { status: 404 };
    if (request.method !== "POST") return { status: 405 };

    const contentType = request.headers["content-type"]?.split(";")[0];
    const body =
      !isGrpc && request.headers["content-encoding"] === "gzip" ? gunzipSync(request.body) : request.body;
    if (body.length > (options.maxRequestBytes ?? Number.POSITIVE_INFINITY)) return { status: 413 };

    const isJson = contentType === "application/json";
    if (!isGrpc && !isJson && contentType !== "application/x-protobuf") return { status: 415 };
    const spans = spansOfRequest(
      isJson ? JSON.parse(body.toString("utf8")) : readMessage(exportTraceServiceRequest, body),
    );
    const poison = spans.find((span) => options.isPoison?.(span));
    if (poison !== undefined) throw new MalformedSpans(`span ${poison.spanId} is not acceptable`);

    const taken = spans.filter((span) => !options.isRejected?.(span));
    accepted.push(...taken);
    const body200 = isJson ? partialSuccessJson : partialSuccessProtobuf;
    return {
      status: 200,
      headers: { "content-type": isJson ? "application/json" : "application/x-protobuf" },
      body: body200(spans.length - taken.length),
    };
  }

  return {
    ...server,
    spans: () => accepted,
    duplicateSpanIds() {
      const seen = new Set<string>();
      const twice = new Set<string>();
      for (const { spanId } of accepted) (seen.has(spanId) ? twice : seen).add(spanId);
      return [...twice];
    },
  };
}

const REJECTION_MESSAGE = "not taken";

function partialSuccessJson(rejectedSpans: number): string {
  if (rejectedSpans === 0) return "{}";
  return JSON.stringify({
    partialSuccess: { rejectedSpans: String(rejectedSpans), errorMessage: REJECTION_MESSAGE },
  });
}

/** `ExportTraceServiceResponse{1: partial_success{1: rejected_spans, 2: error_message}}`; counts below 128. */
function partialSuccessProtobuf(rejectedSpans: number): Uint8Array {
  if (rejectedSpans === 0) return new Uint8Array();
  const message = Buffer.from(REJECTION_MESSAGE);
  const partialSuccess = [0x08, rejectedSpans, 0x12, message.length, ...message];
  return Uint8Array.of(0x0a, partialSuccess.length, ...partialSuccess);
}
