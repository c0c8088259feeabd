import type { Failure } from "../core/errors.ts";
import { err, ok, type Result } from "../core/result.ts";
import { resolveEndpoint } from "./otlp-endpoint.ts";
import { parseHeaderList } from "./otlp-headers.ts";
import {
  badOption,
  type Environment,
  fromSettings,
  milliseconds,
  OTLP_PROTOCOLS,
  type OtlpProtocol,
  oneOf,
  option,
  truth,
  variable,
} from "./otlp-option.ts";

/** Where and how spans are delivered: all that a user can configure. */
export interface OtlpDestination {
  readonly protocol: OtlpProtocol;
  /** http: the full URL that traces are posted to; grpc: scheme, host and port. Never holds userinfo. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: "none" | "gzip";
  /** Upper bound of one attempt, in milliseconds. */
  readonly timeoutMs: number;
  /** grpc without TLS. */
  readonly insecure?: boolean;
  /** Path of the PEM file that the server's certificate is checked against, instead of the usual roots. */
  readonly certificate?: string;
  /** Paths of PEM files for mutual TLS; both or none. */
  readonly clientCertificate?: string;
  readonly clientKey?: string;
}

export interface OtlpConfig extends OtlpDestination {
  /** The instrumentation scope of every span, and the User-Agent. */
  readonly scope: { readonly name: string; readonly version: string };
}

/** The user's own settings. They describe one destination, so their headers never go to another endpoint. */
export interface OtlpSettings {
  /** A base URL, like OTEL_EXPORTER_OTLP_ENDPOINT: for http, `/v1/traces` is appended. */
  readonly endpoint?: string;
  readonly protocol?: string;
  /** `name=value,name=value`, values percent-encoded. */
  readonly headers?: string;
}

/**
 * Where spans go according to the standard variables, then the settings; undefined when nothing asks for OTLP.
 * A signal-specific variable replaces the general one as a whole, headers included.
 *
 * @returns a failure that names the variable or setting and what is allowed, and never quotes its value
 *   (headers and URLs hold secrets).
 */
export function otlpConfigFromEnvironment(
  environment: Environment,
  settings: OtlpSettings,
): Result<OtlpDestination | undefined, Failure> {
  const endpoint = option(environment, "ENDPOINT");
  const configured = endpoint ?? fromSettings("otlp.endpoint", settings.endpoint);
  if (configured === undefined) return ok(undefined);

  const wanted = isTraceExportWanted(environment);
  if (!wanted.ok) return wanted;
  if (!wanted.value) return ok(undefined);

  const protocol = oneOf(
    option(environment, "PROTOCOL") ?? fromSettings("otlp.protocol", settings.protocol),
    OTLP_PROTOCOLS,
    "http/protobuf",
  );
  if (!protocol.ok) return protocol;
  const insecure = truth(option(environment, "INSECURE"));
  if (!insecure.ok) return insecure;
  const destination = resolveEndpoint(configured, protocol.value, insecure.value);
  if (!destination.ok) return destination;
  const compression = oneOf(option(environment, "COMPRESSION"), ["none", "gzip"] as const, "none");
  if (!compression.ok) return compression;
  const timeoutMs = milliseconds(option(environment, "TIMEOUT"));
  if (!timeoutMs.ok) return timeoutMs;
  const ownHeaders = endpoint === undefined ? fromSettings("otlp.headers", settings.headers) : undefined;
  const headers = parseHeaderList(option(environment, "HEADERS") ?? ownHeaders, protocol.value);
  if (!headers.ok) return headers;
  const certificates = certificatePaths(environment);
  if (!certificates.ok) return certificates;

  const { authorization, ...place } = destination.value;
  const hasAuthorization = Object.keys(headers.value).some((name) => name.toLowerCase() === "authorization");
  return ok({
    protocol: protocol.value,
    ...place,
    headers:
      authorization === undefined || hasAuthorization ? headers.value : { ...headers.value, authorization },
    compression: compression.value,
    timeoutMs: timeoutMs.value,
    ...certificates.value,
  });
}

function isTraceExportWanted(environment: Environment): Result<boolean, Failure> {
  const disabled = truth(variable(environment, "OTEL_SDK_DISABLED"));
  if (!disabled.ok) return disabled;
  const exporters = variable(environment, "OTEL_TRACES_EXPORTER");
  if (disabled.value || exporters === undefined) return ok(!disabled.value);

  const names = exporters.value.split(",").map((name) => name.trim());
  if (names.includes("otlp")) return ok(true);
  if (names.every((name) => name === "none")) return ok(false);
  return err(badOption(exporters.name, '"otlp" or "none"'));
}

type CertificatePaths = Pick<OtlpDestination, "certificate" | "clientCertificate" | "clientKey">;

function certificatePaths(environment: Environment): Result<CertificatePaths, Failure> {
  const certificate = option(environment, "CERTIFICATE")?.value;
  const clientCertificate = option(environment, "CLIENT_CERTIFICATE");
  const clientKey = option(environment, "CLIENT_KEY");
  if (clientCertificate === undefined && clientKey !== undefined) {
    return err(badOption(clientKey.name, "set together with OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"));
  }
  if (clientCertificate !== undefined && clientKey === undefined) {
    return err(badOption(clientCertificate.name, "set together with OTEL_EXPORTER_OTLP_CLIENT_KEY"));
  }
  return ok({
    ...(certificate !== undefined && { certificate }),
    ...(clientCertificate !== undefined && { clientCertificate: clientCertificate.value }),
    ...(clientKey !== undefined && { clientKey: clientKey.value }),
  });
}
