import { didYouMean } from "../core/did-you-mean.ts";
import { type Environment, envValue } from "../core/environment.ts";
import type { Failure } from "../core/errors.ts";
import { err, ok, type Result } from "../core/result.ts";
import { parseModelName } from "./model-name.ts";

/** Everything that it takes to reach a model. */
export interface Endpoint {
  readonly provider: Provider;
  readonly model: string;
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
}

export const PROVIDERS = ["openai", "anthropic", "compatible", "ollama"] as const;
export type Provider = (typeof PROVIDERS)[number];

/** Of the endpoint that the user has set: `llm.baseUrl` and `llm.apiKey`. */
export interface CompatibleEndpoint {
  readonly baseUrl: string | undefined;
  readonly apiKey: string | undefined;
}

const OLLAMA_URL = "http://127.0.0.1:11434/v1";

/**
 * Where a model, named as `provider/model`, is asked, and with which key. Failures: `invalid-model`,
 * `unknown-provider`, `no-key` and `no-base-url`, with what to set.
 */
export function resolveEndpoint(
  name: string,
  env: Environment,
  compatible: CompatibleEndpoint,
): Result<Endpoint, Failure> {
  const parsed = parseModelName(name);
  if (parsed?.provider === undefined) {
    return err({
      reason: "invalid-model",
      message: `"${shown(name)}" does not say whom to ask.`,
      hint: `Write provider/model, such as openai/gpt-4o. Providers are ${PROVIDERS.join(", ")}.`,
    });
  }
  const { model, provider } = parsed;
  switch (provider) {
    case "openai":
      return withKey(provider, model, env, "OPENAI", (url) => url ?? "https://api.openai.com/v1");
    case "anthropic":
      // Other programs take that variable without the version.
      return withKey(provider, model, env, "ANTHROPIC", (url = "https://api.anthropic.com") =>
        url.endsWith("/v1") ? url : `${url}/v1`,
      );
    case "ollama":
      return ok({ provider, model, baseUrl: OLLAMA_URL, apiKey: undefined });
    case "compatible": {
      const { baseUrl, apiKey } = compatible;
      if (baseUrl !== undefined) {
        return ok({ provider, model, baseUrl: withoutSlash(baseUrl), apiKey });
      }
      return err({
        reason: "no-base-url",
        message: "No OpenAI-compatible endpoint is set.",
        hint: "Set one: tta-persona config set llm.baseUrl http://localhost:8000/v1",
      });
    }
    default:
      return err(unknownProvider(provider));
  }
}

function withKey(
  provider: Provider,
  model: string,
  env: Environment,
  prefix: string,
  baseUrlOf: (url: string | undefined) => string,
): Result<Endpoint, Failure> {
  const apiKey = envValue(env, `${prefix}_API_KEY`)?.trim();
  if (apiKey === undefined) {
    return err({
      reason: "no-key",
      message: `There is no key for ${provider}.`,
      hint: `Set ${prefix}_API_KEY.`,
    });
  }
  const url = envValue(env, `${prefix}_BASE_URL`)?.trim();
  if (url !== undefined && !(/^https?:\/\//i.test(url) && URL.canParse(url))) {
    return err({
      reason: "invalid-base-url",
      message: `${prefix}_BASE_URL is not an http:// or https:// URL.`,
      hint: "Correct it, or unset it.",
    });
  }
  return ok({
    provider,
    model,
    apiKey,
    baseUrl: baseUrlOf(url === undefined ? undefined : withoutSlash(url)),
  });
}

function unknownProvider(provider: string): Failure {
  const [nearest] = didYouMean(provider, PROVIDERS);
  const suggestion = nearest === undefined ? "" : `Did you mean ${nearest}? `;
  return {
    reason: "unknown-provider",
    message: `There is no provider "${shown(provider)}".`,
    hint: `${suggestion}Providers are ${PROVIDERS.join(", ")}; any other endpoint is compatible/<model>, at the llm.baseUrl that you set.`,
  };
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}

function shown(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
