import type { Environment } from "../core/environment.ts";
import { hashText } from "../core/hash.ts";
import type { ResolvedSetting } from "./settings.ts";

/** Everything that decides where and how is delivered, the standard variables included. */
export function deliveryHash(resolved: readonly ResolvedSetting[], env: Environment): string {
  const parts = resolved
    .filter(
      ({ key }) => !/^(?:session\.|apply\.|agent\.|llm\.|capture$|masking\.|delivery\.mode$)/.test(key.key),
    )
    .map(({ key, value }) => `${key.key}=${value ?? ""}`);
  for (const name of Object.keys(env).sort()) {
    if (/^OTEL_(EXPORTER_OTLP_|TRACES_EXPORTER|SDK_DISABLED)/.test(name))
      parts.push(`${name}=${env[name] ?? ""}`);
  }
  return hashText(parts.join("\n"));
}
