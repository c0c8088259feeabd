import { errorCode } from "../core/errors.ts";
import type { DeliveryOutcome } from "./outcome.ts";

/** Every outcome but success. */
export type Undelivered = Exclude<DeliveryOutcome, { readonly status: "accepted" }>;

type NetworkReason =
  | "connection_refused"
  | "connection_reset"
  | "dns"
  | "invalid_response"
  | "timeout"
  | "tls"
  | "unknown"
  | "unreachable";

const REASON_OF_CODE: Readonly<Record<string, NetworkReason>> = {
  ABORT_ERR: "timeout",
  EADDRNOTAVAIL: "unreachable",
  ECONNABORTED: "connection_reset",
  ECONNREFUSED: "connection_refused",
  ECONNRESET: "connection_reset",
  EHOSTDOWN: "unreachable",
  EHOSTUNREACH: "unreachable",
  ENETDOWN: "unreachable",
  ENETUNREACH: "unreachable",
  ENOTFOUND: "dns",
  EPIPE: "connection_reset",
  EPROTO: "tls",
  ERR_ANSWER_TOO_LONG: "invalid_response",
  ERR_STREAM_PREMATURE_CLOSE: "connection_reset",
  ETIMEDOUT: "timeout",
  UND_ERR_BODY_TIMEOUT: "timeout",
  UND_ERR_CONNECT_TIMEOUT: "timeout",
  UND_ERR_HEADERS_TIMEOUT: "timeout",
  UND_ERR_SOCKET: "connection_reset",
};

/** llhttp's parse errors, getaddrinfo's, and OpenSSL's as `tls.TLSSocket` reports them (nodejs.org/api/tls.html). */
const REASON_OF_CODE_PATTERN: readonly (readonly [RegExp, NetworkReason])[] = [
  [/^HPE_/, "invalid_response"],
  [/^EAI_/, "dns"],
  [/^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|CRL_|UNABLE_TO_|ERROR_IN_C|SELF_SIGNED_|DEPTH_ZERO_)/, "tls"],
  [/^(INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH)$/, "tls"],
];

/** After these the backend may have taken what it was sent before. */
const DOUBTFUL_ONCE_SENT: ReadonlySet<NetworkReason> = new Set(["connection_reset", "timeout", "unknown"]);

/**
 * What a failed exchange means, without quoting the error's message.
 *
 * @param sent whether a connection stood, so that bytes may have reached the backend
 */
export function classifyError(error: unknown, sent: boolean): Undelivered {
  const reason = reasonOf(error, 0);
  return { status: sent && DOUBTFUL_ONCE_SENT.has(reason) ? "doubtful" : "unavailable", reason };
}

const MAX_CAUSE_DEPTH = 4;

function reasonOf(error: unknown, depth: number): NetworkReason {
  if (depth > MAX_CAUSE_DEPTH || typeof error !== "object" || error === null) return "unknown";
  const { name, cause, errors } = error as { name?: unknown; cause?: unknown; errors?: unknown };
  if (name === "AbortError" || name === "TimeoutError") return "timeout";

  const code = errorCode(error);
  const known = code === undefined ? undefined : reasonOfCode(code);
  if (known !== undefined) return known;
  // `fetch` wraps what happened in a cause; a host with several addresses fails with one error for each.
  const inner = cause ?? (Array.isArray(errors) ? errors[0] : undefined);
  return inner === undefined ? "unknown" : reasonOf(inner, depth + 1);
}

function reasonOfCode(code: string): NetworkReason | undefined {
  return REASON_OF_CODE[code] ?? REASON_OF_CODE_PATTERN.find(([pattern]) => pattern.test(code))?.[1];
}
