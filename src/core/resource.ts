import { ciFromEnvironment } from "./ci.ts";
import { type Environment, envFlag, envValue } from "./environment.ts";
import { hostName } from "./owner.ts";
import type { ResourceAttributes } from "./span.ts";

/**
 * Who makes a fact, in OpenTelemetry's resource attributes: ours, then the CI provider's, then
 * `OTEL_RESOURCE_ATTRIBUTES`, then `OTEL_SERVICE_NAME`, each over the ones before.
 */
export function resourceFromEnvironment(env: Environment, version: string): ResourceAttributes {
  const serviceName = envValue(env, "OTEL_SERVICE_NAME");
  return {
    "service.name": "tta-persona",
    "service.version": version,
    "host.name": hostName(),
    ...(envFlag(env, "CI") || envValue(env, "TF_BUILD") !== undefined
      ? ciFromEnvironment(env).attributes
      : {}),
    ...parseResourceAttributes(envValue(env, "OTEL_RESOURCE_ATTRIBUTES")),
    ...(serviceName === undefined ? {} : { "service.name": serviceName }),
  };
}

/**
 * `key=value,key=value` with both percent-encoded. As the specification asks, one bad pair discards the
 * whole variable (https://opentelemetry.io/docs/specs/otel/resource/sdk/#specifying-resource-information-via-an-environment-variable).
 */
export function parseResourceAttributes(text: string | undefined): ResourceAttributes {
  const attributes = new Map<string, string>();
  for (const pair of text?.split(",") ?? []) {
    if (pair.trim() === "") continue;
    const equals = pair.indexOf("=");
    if (equals === -1) return {};
    try {
      const key = decodeURIComponent(pair.slice(0, equals).trim());
      if (key === "") return {};
      attributes.set(key, decodeURIComponent(pair.slice(equals + 1).trim()));
    } catch {
      return {};
    }
  }
  return Object.fromEntries(attributes);
}
