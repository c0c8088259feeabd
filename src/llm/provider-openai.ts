import { createOpenAI } from "@ai-sdk/openai";
import type { Endpoint } from "./endpoint.ts";

/** By way of chat completions: gateways that stand in for OpenAI know these, and not all of them its newer API. */
export function openaiModel({ model, baseUrl, apiKey }: Endpoint, fetch: typeof globalThis.fetch) {
  return createOpenAI({ baseURL: baseUrl, apiKey: apiKey ?? "", fetch }).chat(model);
}
