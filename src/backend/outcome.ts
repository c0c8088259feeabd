/**
 * What became of one attempt to deliver.
 *
 * - `accepted`: the backend has it.
 * - `refused`: the backend will never take this payload (400, 413): bisect, then dead letters.
 * - `unavailable`: down, busy, misrouted or not allowed (redirects, 401, 403, 404, 429, 5xx, refused
 *   connection): keep everything, try later.
 * - `doubtful`: a timeout or reset after bytes were sent: it may or may not have been accepted.
 *
 * `reason` comes from a small fixed vocabulary (`http_503`, `timeout`, `connection_refused`,
 * `connection_reset`, `dns`, `tls`, `grpc_14` …), fit for a metric label; it never quotes a URL, header or body.
 */
export type DeliveryOutcome =
  | { readonly status: "accepted"; readonly rejected?: { readonly count: number; readonly reason: string } }
  | { readonly status: "refused"; readonly reason: string; readonly detail?: string }
  | { readonly status: "unavailable"; readonly reason: string; readonly retryAfterMs?: number }
  | { readonly status: "doubtful"; readonly reason: string };
