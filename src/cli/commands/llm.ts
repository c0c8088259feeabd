import { ExitCode, UserError } from "../../core/errors.ts";
import { isTerminal } from "../../core/output.ts";
import type { ModelAnswer } from "../../llm/ask-model.ts";
import { callFailure } from "../../llm/call-error.ts";
import { callModel, type ModelCall } from "../../llm/call-model.ts";
import type { CallPlace } from "../../llm/call-place.ts";
import { type Endpoint, resolveEndpoint } from "../../llm/endpoint.ts";
import type { Message } from "../../llm/message.ts";
import type { LlmCalledFact } from "../../projection/llm-facts.ts";
import { deliverAfterWork } from "../after-work.ts";
import { createCallGate } from "../call-gate.ts";
import { type Command, type Invocation, optionText } from "../command.ts";
import type { CliContext } from "../context.ts";
import { findPersona } from "../find-persona.ts";
import { callPlace, recordContext } from "../llm-context.ts";
import type { LlmJson } from "../llm-shapes.ts";
import { fetchAndDeliver, notRecorded } from "../long-work.ts";
import { namedPrompt, withText } from "../named-prompt.ts";
import { optionNumber } from "../option-values.ts";
import { stagePersona } from "../persona-for-stage.ts";
import { readTextFile } from "../read-text.ts";
import { showMasked } from "../show-masked.ts";
import { cancelOnSignals, exitCodeOfSignal } from "../signals.ts";
import { streamText } from "../stream-text.ts";

export const command: Command = {
  name: "llm",
  summary: "Ask a model under a persona, and record the call",
  description:
    "The answer comes while it is made. The persona's instructions stand before --system. Providers are openai " +
    "(OPENAI_API_KEY), anthropic (ANTHROPIC_API_KEY), ollama on this machine, and compatible: any endpoint that " +
    "speaks as OpenAI does, by the settings llm.baseUrl and llm.apiKey. What is kept of the texts is decided by the " +
    "setting capture; what a call costs, by prices.yaml beside the settings, then by the public price list.",
  arguments: [
    { name: "prompt", doc: "what to ask; - or nothing reads it from standard input", optional: true },
  ],
  options: [
    { flags: "--model <name>", doc: "provider/model (default: the setting llm.model)" },
    { flags: "--system <text>", doc: "instructions, behind the persona's" },
    { flags: "--file <path>", doc: "a text to put behind the prompt" },
    {
      flags: "--prompt <name>",
      doc: "a prompt of Langfuse, name or name@label; of name@a,b one label is chosen",
      complete: "prompts",
    },
    { flags: "--var <pairs...>", doc: "name=value for {{name}} in that prompt" },
    { flags: "--temperature <t>", doc: "from 0 up; the model's own by default" },
    {
      flags: "--max-tokens <n>",
      doc: "the most that the answer may have (default: the model's own, 4096 under a hard budget)",
    },
    { flags: "--no-stream", doc: "print the answer when it is complete" },
    { flags: "--persona <persona>", doc: "the active one by default", complete: "personas" },
    { flags: "--task-type <name>", doc: "what it is for, such as review" },
    {
      flags: "--show-masked",
      doc: "ask nothing, also without a model; tell what would be hidden: kinds and counts",
    },
  ],
  examples: [
    {
      command: 'tta-persona llm "Name three risks of this plan" --file plan.md',
      doc: "by the default model",
    },
    {
      command: 'git diff | tta-persona llm --model openai/gpt-4o --system "Review this diff"',
      doc: "in a pipe",
    },
    {
      command: "tta-persona llm --prompt review@production --var language=Go --file main.go",
      doc: "by a prompt of Langfuse, which the recorded call is linked with",
    },
  ],
  exitCodes: {
    1: "the call failed; what came of the answer was printed",
    2: "no key, an unknown provider, or a wrong option",
    3: "no --persona was given, and no persona is active",
    4: "a hard token budget refused it",
    "128+n": "ended by signal n; what came was printed and recorded",
  },
  json: "tta-persona/llm/1",
  async run(invocation, ctx) {
    if (invocation.options.showMasked === true) return explainMasking(invocation, ctx);
    const call = await prepareCall(invocation, ctx);
    const { endpoint, place } = call;
    const stream = streamText(ctx, call.stream);
    const cancellation = cancelOnSignals({ sharesTerminal: false });
    cancellation.onRequest(stream.abort);
    const result = await callModel(call, {
      ...(await recordContext(ctx)),
      fetch: fetchAndDeliver(ctx),
      signal: stream.signal,
      onText: stream.write,
      gate: createCallGate(ctx),
      onTrouble: (error) => notRecorded(ctx, error),
    });
    stream.end();
    if (result.kind === "blocked") {
      await deliverAfterWork(ctx);
      const { message, hint } = result.verdict;
      const failure = { reason: "budget-exceeded", message };
      throw new UserError(hint === undefined ? failure : { ...failure, hint }, ExitCode.budget);
    }
    const { answer, fact, limit } = result;
    for (const warning of answer.warnings) ctx.output.note(warning);
    if (answer.response?.finishReasons?.some((reason) => reason === "length" || reason === "max_tokens")) {
      ctx.output.note("the answer was cut off at the most tokens that it may have (--max-tokens)");
    }
    if (answer.outcome === "ok") ctx.output.done(llmJson(answer, fact, endpoint, place), "");
    await deliverAfterWork(ctx);
    if (answer.outcome === "aborted") return exitCodeOfSignal(cancellation.requested() ?? "SIGTERM");
    if (answer.error === undefined) return ExitCode.done;
    const texts = (await recordContext(ctx)).texts;
    const error = { ...answer.error, message: texts.short(answer.error.message, 300) };
    throw new UserError(callFailure(error, endpoint, limit), ExitCode.failed);
  },
};

/** Nothing is asked, so neither model nor key is needed. */
async function explainMasking(invocation: Invocation, ctx: CliContext): Promise<number> {
  const { place, messages: input, taskType } = await prepareQuestion(invocation, ctx);
  const texts = taskType === undefined ? { input } : { input, taskType };
  return showMasked(ctx, [{ persona: place.persona, texts }]);
}

async function prepareCall(invocation: Invocation, ctx: CliContext): Promise<ModelCall> {
  const model = optionText(invocation, "model") ?? ctx.settings.llm.model;
  if (model === undefined) {
    throw new UserError({
      reason: "no-model",
      message: "Which model shall be asked?",
      hint: "Give --model openai/gpt-4o, or: tta-persona config set llm.model openai/gpt-4o",
    });
  }
  const temperature = optionNumber(invocation, "temperature", false);
  const maxTokens = optionNumber(invocation, "max-tokens", true);
  const endpoint = resolveEndpoint(model, ctx.env, ctx.settings.llm);
  if (!endpoint.ok) throw new UserError(endpoint.error);
  return {
    endpoint: endpoint.value,
    stream: invocation.options.stream !== false,
    ...(await prepareQuestion(invocation, ctx)),
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
  };
}

type Question = Pick<ModelCall, "place" | "messages" | "taskType" | "prompt">;

/** What is asked, and under whom. @throws UserError. */
async function prepareQuestion(invocation: Invocation, ctx: CliContext): Promise<Question> {
  const taskType = optionText(invocation, "taskType");
  const wanted = optionText(invocation, "persona");
  const place = await callPlace(ctx, wanted === undefined ? undefined : findPersona(wanted, ctx).name);
  const { instructions } = stagePersona(findPersona(place.persona, ctx));
  const system = [instructions, optionText(invocation, "system") ?? ""].filter((text) => text !== "");
  const prompt = await namedPrompt(invocation, ctx);
  const own = await promptOf(invocation, ctx, prompt !== undefined);
  const messages: readonly Message[] = [
    { role: "system", content: system.join("\n\n") },
    ...withText(prompt?.messages ?? [], own),
  ];
  return {
    place,
    messages,
    ...(taskType === undefined ? {} : { taskType }),
    ...(prompt === undefined ? {} : { prompt: prompt.link }),
  };
}

/** @param isOptional a prompt of Langfuse's says what to ask. */
async function promptOf(invocation: Invocation, ctx: CliContext, isOptional: boolean): Promise<string> {
  const [given] = invocation.args;
  const path = optionText(invocation, "file");
  const file = path === undefined ? "" : readTextFile(path);
  const isPiped =
    given === "-" || (given === undefined && path === undefined && !isOptional && !isTerminal(0));
  const prompt = isPiped ? await ctx.readStdin() : (given ?? "");
  const text = [prompt, file].filter((part) => part.trim() !== "").join("\n\n");
  if (text !== "" || isOptional) return text;
  throw new UserError({
    reason: "no-prompt",
    message: "There is nothing to ask.",
    hint: 'Write for instance: tta-persona llm "What is a fold?", or pipe a text into it.',
  });
}

function llmJson(
  answer: ModelAnswer,
  fact: LlmCalledFact | undefined,
  { provider, model }: Endpoint,
  { persona, chatmode }: CallPlace,
): LlmJson {
  const { text, usage, startedAt, firstTokenAt, durationSeconds, response, attempts } = answer;
  return {
    schema: "tta-persona/llm/1",
    id: fact?.id ?? null,
    persona,
    chatmode,
    provider,
    model,
    outcome: answer.outcome,
    text,
    usage: usage ?? null,
    costUsd: fact?.data.costUsd ?? null,
    durationSeconds,
    timeToFirstTokenSeconds: firstTokenAt === undefined ? null : (firstTokenAt - startedAt) / 1000,
    finishReason: response?.finishReasons?.[0] ?? null,
    responseId: response?.id ?? null,
    responseModel: response?.model ?? null,
    attempts,
  };
}
