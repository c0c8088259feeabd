import type { IncomingHttpHeaders } from "node:http";

/**
 * How a test server treats a request.
 *
 * - `ok`: the handler answers.
 * - `refuse`: the port is closed, connections are refused.
 * - `hang`: reads the request, never answers.
 * - `drip`: a status line of 200, then one byte of a header every 50 ms for ever; nothing is accepted.
 * - `drip-body`: the handler accepts, its status and headers arrive, then one byte of body every 50 ms for ever.
 * - `cut`: reads the request, then closes the connection; nothing is accepted.
 * - `cut-after-accept`: the handler accepts, then the connection is closed without an answer.
 * - `nonsense`: answers something that is not the protocol.
 * - `{ status }`: this HTTP status (302 with a `location`); nothing is accepted.
 * - `{ grpcStatus }`: this gRPC status code, on gRPC servers only; nothing is accepted.
 */
export type Behaviour =
  | "ok"
  | "refuse"
  | "hang"
  | "drip"
  | "drip-body"
  | "cut"
  | "cut-after-accept"
  | "nonsense"
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | { readonly grpcStatus: number; readonly message?: string };

/** Decides per request; `index` counts from 0 over the life of the server. Cannot answer `refuse`. */
export type BehaviourPerRequest = (request: ReceivedRequest, index: number) => Behaviour;

export interface ReceivedRequest {
  readonly method: string;
  /** With the query string. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** As it was sent; on gRPC servers one message, decompressed and without its frame. */
  readonly body: Buffer;
}

/** A request as the test sees it afterwards. */
export interface RecordedRequest extends ReceivedRequest {
  /** `performance.now()` when the body was complete. */
  readonly atMs: number;
  /** The HTTP (or gRPC) status answered, or the behaviour shown instead of an answer. */
  readonly answered: number | Extract<Behaviour, string>;
}

/** What is really done behind the behaviours. `status` is an HTTP status, also on gRPC servers. */
export type Handler = (request: ReceivedRequest) => Answer | Promise<Answer>;

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** A server on 127.0.0.1 whose behaviour can change at run time and that remembers what it was asked. */
export interface FaultyServer {
  /** `http://127.0.0.1:<port>`; the port stays the same through `refuse`. */
  readonly url: string;
  readonly port: number;
  behave(behaviour: Behaviour | BehaviourPerRequest): Promise<void>;
  /** Requests whose body arrived completely, in that order. */
  requests(): readonly RecordedRequest[];
  /** Connections taken so far; counts also those that never became a request. */
  connectionCount(): number;
  close(): Promise<void>;
}
