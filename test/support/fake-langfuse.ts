import { gunzipSync } from "node:zlib";
import type { Answer, Behaviour, BehaviourPerRequest, FaultyServer, ReceivedRequest } from "./behaviour.ts";
import { startFaultyServer } from "./faulty-server.ts";
import { seededRandom } from "./jitter-proxy.ts";
import { createLibrary, type LangfuseLibrary } from "./langfuse-library.ts";
import {
  observationOfEvent,
  observationOfSpan,
  type ReceivedObservation,
  silentProblems,
} from "./langfuse-observations.ts";
import { exportTraceServiceRequest } from "./otlp-messages.ts";
import { MalformedSpans, type ReceivedSpan, spansOfRequest } from "./otlp-spans.ts";
import { readMessage } from "./protobuf-reader.ts";

export interface FakeLangfuseOptions {
  readonly behaviour?: Behaviour | BehaviourPerRequest;
  /** `4.0.0` when left out. Before 4 there is no `/v2/observations`, before 3.22 no OTLP endpoint. */
  readonly version?: string;
  /** False where it cannot be asked which observations there are. */
  readonly canList?: boolean;
  /** A whole export that holds such a span is answered 400. */
  readonly isPoison?: (span: ReceivedSpan) => boolean;
  /** Such scores are answered 400. */
  readonly isBadScore?: (score: ReceivedScore) => boolean;
}

export interface ReceivedScore {
  readonly id: string;
  readonly traceId: string;
  readonly observationId?: string;
  readonly name: string;
  readonly value: number | string;
  readonly dataType: string;
  readonly comment?: string;
  readonly environment?: string;
}

export interface FakeLangfuse extends FaultyServer {
  readonly publicKey: string;
  readonly secretKey: string;
  /** Prompts, datasets and metrics. */
  readonly library: LangfuseLibrary;
  /** Settings for it. */
  readonly settings: Readonly<Record<string, string>>;
  observations(): readonly ReceivedObservation[];
  /** By trace id. */
  traces(): ReadonlyMap<string, readonly ReceivedObservation[]>;
  scores(): readonly ReceivedScore[];
  /** What the real one would store wrongly, drop or store twice without telling. */
  problems(): readonly string[];
}

/** The real one only logs a larger span. */
const MAX_SPAN_BYTES = 9_500_000;

const TOO_OLD_FOR_OTLP = /^[12]\.|^3\.(\d|1\d|2[01])\./;

/** Starts a double of Langfuse 4 with one project: OTLP traces, scores, what asks for them, prompts, datasets and metrics. */
export async function startFakeLangfuse(options: FakeLangfuseOptions = {}): Promise<FakeLangfuse> {
  const { version = "4.0.0", canList = true } = options;
  const publicKey = "pk-lf-fake";
  const secretKey = "sk-lf-fake-0123456789";
  const observations: ReceivedObservation[] = [];
  const scores = new Map<string, ReceivedScore>();
  const problems: string[] = [];
  const library = createLibrary();
  const oldTraces = new Map<string, Readonly<Record<string, unknown>>>();

  const server = await startFaultyServer({
    ...(options.behaviour !== undefined && { behaviour: options.behaviour }),
    handler(request) {
      const url = new URL(request.path, "http://fake");
      const route = `${request.method} ${url.pathname}`;
      if (route === "GET /api/public/health") return json(200, { status: "OK", version });
      const credentials = Buffer.from(`${publicKey}:${secretKey}`).toString("base64");
      if (request.headers.authorization !== `Basic ${credentials}`)
        return json(401, { message: "Invalid credentials" });
      switch (route) {
        case "GET /api/public/projects":
          return json(200, { data: [{ id: "p1", name: "fake" }] });
        case "POST /api/public/otel/v1/traces":
          return TOO_OLD_FOR_OTLP.test(version) ? json(404, {}) : takeTraces(request);
        case "GET /api/public/v2/observations":
          return canList && version.startsWith("4.") ? listCurrent(url.searchParams) : json(404, {});
        case "GET /api/public/observations":
          return canList && version.startsWith("3.") ? listOld(url.searchParams) : json(404, {});
        case "POST /api/public/scores":
          return takeScore(JSON.parse(request.body.toString("utf8")) as Partial<ReceivedScore>);
        case "POST /api/public/ingestion":
          return takeEvents(request);
        default:
          return library.answer(request, version) ?? json(404, { message: "Not found" });
      }
    },
  });

  function takeTraces(request: ReceivedRequest): Answer {
    const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(request.body) : request.body;
    const type = request.headers["content-type"]?.split(";")[0];
    if (type !== "application/json" && type !== "application/x-protobuf") return json(415, {});
    let spans: ReceivedSpan[];
    try {
      spans = spansOfRequest(
        type === "application/json"
          ? (JSON.parse(body.toString("utf8")) as Record<string, unknown>)
          : readMessage(exportTraceServiceRequest, body),
      );
    } catch (error) {
      return json(400, { message: error instanceof MalformedSpans ? error.message : String(error) });
    }
    const poison = spans.find((span) => options.isPoison?.(span));
    if (poison !== undefined) return json(400, { message: `span ${poison.spanId} is not acceptable` });
    if (request.headers["x-langfuse-ingestion-version"] !== "4")
      problems.push("an export that is visible in a quarter of an hour only");
    for (const span of spans) {
      problems.push(...silentProblems(span));
      if (JSON.stringify(span.attributes).length > MAX_SPAN_BYTES) problems.push(`${span.spanId}: too large`);
      else if (observations.some(({ id }) => id === span.spanId)) problems.push(`${span.spanId}: sent twice`);
      else observations.push(observationOfSpan(span));
    }
    return json(200, {});
  }

  function inRange(query: URLSearchParams): ReceivedObservation[] {
    const from = Date.parse(query.get("fromStartTime") ?? "");
    const to = Date.parse(query.get("toStartTime") ?? "");
    return observations.filter(({ startMs }) => !(startMs < from) && !(startMs >= to));
  }

  function listCurrent(query: URLSearchParams): Answer {
    const limit = Number(query.get("limit") ?? 50);
    if (!(limit <= 1000)) return json(400, { message: "limit" });
    const start = Number(query.get("cursor") ?? 0);
    const found = inRange(query);
    const cursor = found.length > start + limit ? { cursor: String(start + limit) } : {};
    return json(200, { data: found.slice(start, start + limit).map(core), meta: cursor });
  }

  function listOld(query: URLSearchParams): Answer {
    const limit = Number(query.get("limit") ?? 50);
    if (!(limit <= 100)) return json(400, { message: "limit" });
    const page = Number(query.get("page") ?? 1);
    const found = inRange(query);
    const data = found.slice((page - 1) * limit, page * limit).map(core);
    return json(200, { data, meta: { page, totalPages: Math.ceil(found.length / limit) } });
  }

  function takeScore(score: Partial<ReceivedScore>): Answer {
    const { id, traceId, name, value, dataType } = score;
    const valid =
      typeof traceId === "string" &&
      typeof name === "string" &&
      (dataType === "CATEGORICAL" ? typeof value === "string" : typeof value === "number") &&
      (dataType !== "BOOLEAN" || value === 0 || value === 1);
    if (!valid || options.isBadScore?.(score as ReceivedScore) === true)
      return json(400, { message: "Invalid request data" });
    if (id === undefined) problems.push(`score ${name} without an id is another one with each retry`);
    scores.set(id ?? `made-${scores.size}`, score as ReceivedScore);
    return json(200, { id });
  }

  /** As v4 has it scores only, and 207 whatever comes of them. */
  function takeEvents(request: ReceivedRequest): Answer {
    const { batch } = JSON.parse(request.body.toString("utf8")) as {
      batch: readonly { id: string; type: string; body: Partial<ReceivedScore> & Record<string, unknown> }[];
    };
    const results = batch.map(({ id, type, body }) => {
      if (!version.startsWith("4.") && type !== "score-create")
        return { id, status: takeOldEvent(type, body) };
      if (type !== "score-create") return { id, status: 400, message: `${type} is not supported` };
      // Answered 201, and never stored.
      const { status } = body.id === undefined ? { status: 200 } : takeScore(body);
      return { id, status: status === 200 ? 201 : status };
    });
    return json(207, {
      successes: results.filter(({ status }) => status === 201),
      errors: results.filter(({ status }) => status !== 201),
    });
  }

  /** Before v4: what comes again replaces what is there. */
  function takeOldEvent(type: string, body: Readonly<Record<string, unknown>>): number {
    if (type === "trace-create") {
      oldTraces.set(String(body.id), body);
      return 201;
    }
    const trace = oldTraces.get(String(body.traceId));
    if (!/^(span|generation|event)-create$/.test(type) || trace === undefined) return 400;
    const observation = observationOfEvent(type, body, trace);
    const known = observations.findIndex(({ id }) => id === observation.id);
    if (known === -1) observations.push(observation);
    else observations[known] = observation;
    return 201;
  }

  return {
    ...server,
    publicKey,
    secretKey,
    library,
    settings: { host: server.url, publicKey, secretKey },
    observations: () => observations,
    traces() {
      const traces = new Map<string, ReceivedObservation[]>();
      for (const one of observations) traces.set(one.traceId, [...(traces.get(one.traceId) ?? []), one]);
      return traces;
    },
    scores: () => [...scores.values()],
    problems: () => problems,
  };
}

/** Fails the first and this share of the other requests, in every way that leaves a client in the dark or not. */
export function failing(share: number, seed: number): BehaviourPerRequest {
  const random = seededRandom(seed);
  const ways: readonly Behaviour[] = [
    "cut-after-accept",
    { status: 503 },
    { status: 429, headers: { "retry-after": "0" } },
    "cut",
    { status: 500 },
  ];
  let failed = 0;
  return (_, index) => {
    if (index > 0 && random() >= share) return "ok";
    return ways[failed++ % ways.length] ?? "cut";
  };
}

const core = ({ id, traceId, startMs }: ReceivedObservation) => ({
  id,
  traceId,
  startTime: new Date(startMs),
});

function json(status: number, body: object): Answer {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}
