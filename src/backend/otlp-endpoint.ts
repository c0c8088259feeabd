import type { Failure } from "../core/errors.ts";
import { err, ok, type Result } from "../core/result.ts";
import { basicAuth } from "./basic-auth.ts";
import { badOption, type OtlpProtocol, type Sourced } from "./otlp-option.ts";

export interface ResolvedEndpoint {
  readonly endpoint: string;
  readonly insecure?: boolean;
  /** A basic-auth header's value, from the URL's userinfo. */
  readonly authorization?: string;
}

/** Used as it is; every other source is a base that the signal's path is appended to. */
const FULL_TRACES_URL = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";

/**
 * Source of the rules: https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp;
 * for grpc a scheme decides on TLS, and `insecure` only where there is none.
 */
export function resolveEndpoint(
  source: Sourced,
  protocol: OtlpProtocol,
  insecure: boolean,
): Result<ResolvedEndpoint, Failure> {
  const isGrpc = protocol === "grpc";
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(source.value);
  const text = isGrpc && !hasScheme ? `${insecure ? "http" : "https"}://${source.value}` : source.value;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    return err(badOption(source.name, `an http:// or https:// URL${isGrpc ? ", or host:port" : ""}`));
  }
  const authorization = basicAuth(url);
  const credentials = authorization === undefined ? {} : { authorization };
  if (isGrpc) {
    const isPlain = url.protocol === "http:";
    // Without its port a grpc target would not be the one the URL means.
    const port = url.port === "" ? (isPlain ? "80" : "443") : url.port;
    return ok({ endpoint: `${url.protocol}//${url.hostname}:${port}`, insecure: isPlain, ...credentials });
  }
  url.username = "";
  url.password = "";
  url.hash = "";
  if (source.name !== FULL_TRACES_URL) url.pathname = `${url.pathname.replace(/\/+$/, "")}/v1/traces`;
  return ok({ endpoint: url.href, ...credentials });
}
