import type { Failure } from "../core/errors.ts";
import { err, ok, type Result } from "../core/result.ts";

/** https://opentelemetry.io/docs/specs/otel/protocol/exporter/ */
export const OTLP_PROTOCOLS = ["http/protobuf", "http/json", "grpc"] as const;
export type OtlpProtocol = (typeof OTLP_PROTOCOLS)[number];

export type Environment = Readonly<Record<string, string | undefined>>;

/** A configured value and the name to call it by in a message. */
export interface Sourced {
  readonly name: string;
  readonly value: string;
}

/** In milliseconds, as the specification has it. */
const DEFAULT_TIMEOUT_MS = 10_000;

/** The signal-specific variable, else the general one. An empty value counts as unset, as the specification has it. */
export function option(environment: Environment, suffix: string): Sourced | undefined {
  for (const name of [`OTEL_EXPORTER_OTLP_TRACES_${suffix}`, `OTEL_EXPORTER_OTLP_${suffix}`]) {
    const found = variable(environment, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function variable(environment: Environment, name: string): Sourced | undefined {
  const value = environment[name]?.trim() ?? "";
  return value === "" ? undefined : { name, value };
}

export function fromSettings(name: string, value: string | undefined): Sourced | undefined {
  return value === undefined || value.trim() === "" ? undefined : { name, value: value.trim() };
}

export function oneOf<T extends string>(
  source: Sourced | undefined,
  allowed: readonly T[],
  fallback: T,
): Result<T, Failure> {
  if (source === undefined) return ok(fallback);
  const found = allowed.find((value) => value === source.value);
  return found === undefined ? err(badOption(source.name, allowed.join(", "))) : ok(found);
}

export function truth(source: Sourced | undefined): Result<boolean, Failure> {
  const value = source?.value.toLowerCase() ?? "false";
  if (source !== undefined && value !== "true" && value !== "false") {
    return err(badOption(source.name, '"true" or "false"'));
  }
  return ok(value === "true");
}

export function milliseconds(source: Sourced | undefined): Result<number, Failure> {
  if (source === undefined) return ok(DEFAULT_TIMEOUT_MS);
  const value = /^\d+$/.test(source.value) ? Number(source.value) : 0;
  if (value > 0 && Number.isSafeInteger(value)) return ok(value);
  return err(badOption(source.name, "a whole number of milliseconds above 0"));
}

/** The failure all bad values share: `<name> must be <allowed>`. */
export function badOption(name: string, allowed: string): Failure {
  const hint = name.startsWith("OTEL_")
    ? "correct the variable, or unset it"
    : `tta-persona config set ${name} …`;
  return { reason: "otlp-config", message: `${name} must be ${allowed}`, hint };
}
