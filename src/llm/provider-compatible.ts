import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { Endpoint } from "./endpoint.ts";

export function compatibleModel(
  { provider, model, baseUrl, apiKey }: Endpoint,
  fetch: typeof globalThis.fetch,
) {
  const key = apiKey === undefined ? {} : { apiKey };
  // Without being asked, a stream tells nothing of tokens.
  return createOpenAICompatible({ name: provider, baseURL: baseUrl, ...key, includeUsage: true, fetch })(
    model,
  );
}
