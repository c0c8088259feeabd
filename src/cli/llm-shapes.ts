import * as z from "zod";
import { CAPTURES } from "../core/capture.ts";
import { document, seconds } from "./json-document.ts";

/** The documents of `llm` and `tokens`. */

const usage = z
  .object({
    input: z.int().describe("cached ones included"),
    cachedInput: z.int(),
    cacheCreation: z.int(),
    cacheCreationHour: z.int().optional().describe("of these, what is kept for an hour; absent for none"),
    output: z.int().describe("reasoning included"),
    reasoning: z.int(),
  })
  .nullable()
  .describe("tokens; null where nobody told");

const call = {
  id: z.string().nullable().describe("of its fact; null where it could not be written down"),
  persona: z.string(),
  chatmode: z.string(),
  provider: z.string().nullable(),
  model: z.string(),
  outcome: z.enum(["ok", "error", "aborted"]),
  usage,
  costUsd: z.number().nullable().describe("null: the price is unknown"),
};

const llmShape = document("llm", {
  ...call,
  text: z.string(),
  durationSeconds: seconds,
  timeToFirstTokenSeconds: seconds.nullable(),
  finishReason: z.string().nullable().describe("in the provider's words"),
  responseId: z.string().nullable(),
  responseModel: z.string().nullable(),
  attempts: z.int().describe("requests that were sent, retries included"),
});

const tokensShape = document("tokens", {
  models: z.array(
    z.object({
      persona: z.string(),
      model: z.string(),
      tokens: z.int(),
      calls: z.int(),
      costUsd: z.number().describe("of the calls with a known price"),
    }),
  ),
});

const tokensRecordShape = document("tokens-record", {
  calls: z.array(
    z.object({ ...call, id: z.string(), tokens: z.int().describe("input and output together") }),
  ),
});

const showMaskedShape = document("show-masked", {
  captures: z.array(z.enum(CAPTURES)).describe("of the calls' personas"),
  personalData: z.boolean().describe("whether it is looked for"),
  masked: z.array(
    z.object({
      kind: z.enum([
        "private-key",
        "known-value",
        "secret-shape",
        "secret-name",
        "email",
        "phone",
        "card",
        "iban",
        "pattern",
      ]),
      times: z.int(),
    }),
  ),
});

export type ShowMaskedJson = z.infer<typeof showMaskedShape>;
export type LlmJson = z.infer<typeof llmShape>;
export type TokensJson = z.infer<typeof tokensShape>;
export type TokensRecordJson = z.infer<typeof tokensRecordShape>;
