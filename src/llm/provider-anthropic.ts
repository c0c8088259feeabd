import { createAnthropic } from "@ai-sdk/anthropic";
import type { Endpoint } from "./endpoint.ts";

export function anthropicModel({ model, baseUrl, apiKey }: Endpoint, fetch: typeof globalThis.fetch) {
  return createAnthropic({ baseURL: baseUrl, apiKey: apiKey ?? "", fetch })(model);
}
