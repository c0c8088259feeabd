import { listItems } from "../backend/langfuse-datasets.ts";
import { errorCode, UserError } from "../core/errors.ts";
import { randomHex } from "../core/random.ts";
import type { CallContext } from "../llm/call-model.ts";
import { resolveEndpoint } from "../llm/endpoint.ts";
import { type ExperimentSummary, keepExperiment, lastExperiment } from "../llm/experiment-store.ts";
import { JUDGES } from "../llm/judge.ts";
import { deliverAfterWork } from "./after-work.ts";
import { createCallGate } from "./call-gate.ts";
import { type Command, type Invocation, optionText } from "./command.ts";
import type { CliContext } from "./context.ts";
import { datasetName, findDataset } from "./dataset-name.ts";
import { type Experiment, prepareItems, runItems } from "./experiment-items.ts";
import { experimentJson, experimentText, summarize } from "./experiment-text.ts";
import { findPersona } from "./find-persona.ts";
import { experimentExitCode, openJudge } from "./judge-answer.ts";
import { answered, LANGFUSE_TIMEOUT_MS, requireLangfuse } from "./langfuse-context.ts";
import { callPlace, recordContext } from "./llm-context.ts";
import { deliverWhileRunning, notRecorded } from "./long-work.ts";
import { findPrompt, promptLink } from "./named-prompt.ts";
import { optionNumber } from "./option-values.ts";
import { stagePersona } from "./persona-for-stage.ts";
import { cancelOnSignals, exitCodeOfSignal } from "./signals.ts";

const MOST_AT_ONCE = 64;

export const runCommand: Command = {
  name: "run",
  summary: "Ask a model for every item of a dataset, score the answers, and compare with the run before",
  description:
    "Each item is a call like those of `llm`: recorded, counted, and linked with the experiment in Langfuse, its score " +
    "too. An item's input is {{input}} in the prompt; the keys of an object are variables as well. Judges give 1 or 0 " +
    "(exact, regex: the expected output is a pattern, json: equal as JSON), or a number between (a script that reads " +
    '{"input", "expectedOutput", "metadata", "output"} and prints a number or {"score", "comment"}; a model).',
  arguments: [{ name: "name", doc: "of the dataset", complete: "datasets" }],
  options: [
    { flags: "--prompt <name>", doc: "a prompt of Langfuse, name or name@label", complete: "prompts" },
    { flags: "--template <text>", doc: "in its place a text with {{input}} in it" },
    { flags: "--model <name>", doc: "provider/model (default: the setting llm.model)" },
    { flags: "--persona <persona>", doc: "the active one by default", complete: "personas" },
    { flags: "--judge <judge>", doc: JUDGES.join(", "), complete: ["exact", "regex", "json"] },
    { flags: "--parallel <n>", doc: "items at a time (default: 4)" },
    { flags: "--name <name>", doc: "of the run (default: the dataset's, and the time)" },
    { flags: "--temperature <t>", doc: "from 0 up; the model's own by default" },
    {
      flags: "--max-tokens <n>",
      doc: "the most that an answer may have (default: the model's own, 4096 under a hard budget)",
    },
    { flags: "--min-score <x>", doc: "fail when the mean score is below, or an item has no score" },
  ],
  examples: [
    {
      command: "tta-persona dataset run reviews --prompt review@staging --judge exact --min-score 0.9",
      doc: "in CI, before the label production moves",
    },
    {
      command:
        'tta-persona dataset run reviews --template "Sum it up: {{input}}" --judge llm:openai/gpt-4o --model ollama/llama3',
      doc: "without a managed prompt",
    },
  ],
  exitCodes: {
    1: "an item's call failed, or --min-score is not met; or Langfuse cannot be reached",
    2: "no keys, an unknown dataset or prompt, or wrong usage; nothing was asked",
    3: "no --persona was given, and no persona is active",
    4: "a hard token budget refused calls, of the judge's too",
    "128+n": "ended by signal n; what was answered is recorded",
  },
  json: "tta-persona/dataset-run/1",
  run: runDataset,
};

async function runDataset(invocation: Invocation, ctx: CliContext): Promise<number> {
  const minScore = optionNumber(invocation, "min-score", false);
  const cancellation = cancelOnSignals({ sharesTerminal: false });
  const controller = new AbortController();
  cancellation.onRequest(() => controller.abort());
  const context: CallContext = {
    ...(await recordContext(ctx)),
    fetch: globalThis.fetch,
    signal: controller.signal,
    onText: () => undefined,
    gate: createCallGate(ctx),
    onTrouble: (error) => notRecorded(ctx, error),
  };
  const { experiment, dataset, judge } = await prepare(invocation, ctx, context, minScore);
  const project = requireLangfuse(ctx);
  const found = answered(await listItems(project, dataset, AbortSignal.timeout(LANGFUSE_TIMEOUT_MS)));
  if (found.length === 0) {
    throw new UserError({
      reason: "no-items",
      message: "The dataset has no items.",
      hint: "Add some: tta-persona dataset add <name> --file items.jsonl",
    });
  }
  const items = prepareItems(found, experiment.content, experiment.instructions);
  const before = lastExperiment(ctx.home, dataset);
  const at = ctx.clock.now();
  deliverWhileRunning(ctx);
  const results = (await runItems(items, experiment, ctx, context)).filter((one) => one !== undefined);
  const signal = cancellation.requested();
  const { endpoint, place, prompt } = experiment.call;
  const summary: ExperimentSummary = {
    ...summarize(results),
    name: experiment.name,
    at,
    model: `${endpoint.provider}/${endpoint.model}`,
    persona: place.persona,
    ...(prompt === undefined ? {} : { prompt }),
    ...(judge === undefined ? {} : { judge }),
  };
  if (signal === undefined) keep(ctx, dataset, summary);
  const report = { dataset, experimentId: experiment.id, summary, before, results };
  ctx.output.answer(experimentJson(report), experimentText(report));
  await deliverAfterWork(ctx);
  if (signal !== undefined) return exitCodeOfSignal(signal);
  const blocked = results.filter(
    ({ outcome, unscored }) => outcome === "blocked" || unscored?.isBlocked,
  ).length;
  const shortfall = minScore === undefined ? undefined : shortfallOf(summary, minScore);
  if (shortfall !== undefined) ctx.output.note(shortfall);
  return experimentExitCode({ failed: summary.failed, blocked, isBelow: shortfall !== undefined });
}

/** Why the threshold is not met: an item without a score might have been below. Undefined where it is. */
function shortfallOf(
  { items, scored, meanScore = 0 }: ExperimentSummary,
  minScore: number,
): string | undefined {
  if (scored < items) return `${items - scored} of ${items} items have no score, so --min-score is not met`;
  return meanScore < minScore ? `the mean score is ${meanScore}, below --min-score ${minScore}` : undefined;
}

/** Everything that may be wrong is found before anything is asked. @throws UserError. */
async function prepare(
  invocation: Invocation,
  ctx: CliContext,
  context: CallContext,
  minScore: number | undefined,
): Promise<{ experiment: Experiment; dataset: string; judge: string | undefined }> {
  const name = datasetName(invocation);
  const project = requireLangfuse(ctx);
  if (project.ingestion === "legacy") {
    // What links a call with its item comes with the call over OTLP, and in no other way.
    throw wrong(
      "legacy-ingestion",
      "Langfuse takes experiments over OTLP only, and langfuse.ingestion is legacy.",
      "With a server of 3.22 or newer: tta-persona config unset langfuse.ingestion",
    );
  }
  const model = optionText(invocation, "model") ?? ctx.settings.llm.model;
  if (model === undefined) {
    throw wrong("no-model", "Which model shall be asked?", "Give --model openai/gpt-4o, or set llm.model.");
  }
  const endpoint = resolveEndpoint(model, ctx.env, ctx.settings.llm);
  if (!endpoint.ok) throw new UserError(endpoint.error);
  const atOnce = optionNumber(invocation, "parallel", true) ?? 4;
  if (atOnce < 1 || atOnce > MOST_AT_ONCE) {
    throw wrong("invalid-number", `--parallel cannot be ${atOnce}.`, `It takes 1 to ${MOST_AT_ONCE}.`);
  }
  const temperature = optionNumber(invocation, "temperature", false);
  const maxTokens = optionNumber(invocation, "max-tokens", true);
  const wanted = optionText(invocation, "persona");
  const place = await callPlace(ctx, wanted === undefined ? undefined : findPersona(wanted, ctx).name);
  const judge = optionText(invocation, "judge");
  if (judge === undefined && minScore !== undefined) {
    throw wrong("no-judge", "--min-score takes a --judge.", `It takes ${JUDGES.join(", ")}.`);
  }
  const opened = judge === undefined ? undefined : openJudge(judge, ctx, place, context);
  const promptName = optionText(invocation, "prompt");
  const template = optionText(invocation, "template");
  if ((promptName === undefined) === (template === undefined)) {
    throw wrong("no-prompt", "What shall be asked?", "Give either --prompt name@label or --template.");
  }
  const found = promptName === undefined ? undefined : await findPrompt(promptName, ctx);
  const { id } = await findDataset(project, name);
  const time = new Date(ctx.clock.now()).toISOString().slice(0, 19);
  const experiment: Experiment = {
    id: randomHex(16),
    name: optionText(invocation, "name")?.trim() || `${name} ${time}`,
    datasetId: id,
    content: found ?? { type: "text", text: template ?? "" },
    instructions: stagePersona(findPersona(place.persona, ctx)).instructions,
    judge: opened,
    atOnce,
    call: {
      endpoint: endpoint.value,
      place,
      ...(found === undefined ? {} : { prompt: promptLink(found) }),
      ...(temperature === undefined ? {} : { temperature }),
      ...(maxTokens === undefined ? {} : { maxTokens }),
    },
  };
  return { experiment, dataset: name, judge };
}

function keep(ctx: CliContext, dataset: string, summary: ExperimentSummary): void {
  try {
    keepExperiment(ctx.home, dataset, summary);
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    ctx.output.note(`the next run will not be compared with this one (${code})`);
  }
}

function wrong(reason: string, message: string, hint: string): UserError {
  return new UserError({ reason, message, hint });
}
