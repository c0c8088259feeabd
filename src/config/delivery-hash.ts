import type { Environment } from "../core/environment.ts";
import { hashText } from "../core/hash.ts";
import type { ResolvedSetting } from "./settings.ts";

/** What these settings say does not matter to who delivers. */
const OTHERS = ["session.", "apply.", "agent.", "llm.", "capture", "masking.", "delivery.mode"];

const OTEL = ["OTEL_EXPORTER_OTLP_", "OTEL_TRACES_EXPORTER", "OTEL_SDK_DISABLED"];

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
  const variables = Object.keys(env).filter((name) => OTEL.some((start) => name.startsWith(start)));
  for (const name of variables.sort()) parts.push(`${name}=${env[name] ?? ""}`);
  return hashText(parts.join("\n"));
}
