import type { Environment } from "../core/environment.ts";
import { hashText } from "../core/hash.ts";
import type { ResolvedSetting } from "./settings.ts";

/** What these settings say does not matter to who delivers. */
const OTHERS = ["session.", "apply.", "agent.", "llm.", "capture", "masking.", "delivery.mode"];

/**
 * Everything that decides where and how is delivered, the standard variables included. Only what is not as it is by
 * default, since every switch with a sink asks for this.
 */
export function deliveryHash(resolved: readonly ResolvedSetting[], env: Environment): string {
  const parts: string[] = [];
  for (const { key, value } of resolved) {
    if (value === undefined || value === key.default) continue;
    if (!OTHERS.some((start) => key.key.startsWith(start))) parts.push(`${key.key}=${value}`);
  }
  for (const name of Object.keys(env)
    .filter((one) => one.startsWith("OTEL_"))
    .sort()) {
    if (/^OTEL_(EXPORTER_OTLP_|TRACES_EXPORTER|SDK_DISABLED)/.test(name))
      parts.push(`${name}=${env[name] ?? ""}`);
  }
  return hashText(parts.join("\n"));
}
