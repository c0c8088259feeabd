import { createDataset, listDatasets, listItems, putItem } from "../../backend/langfuse-datasets.ts";
import { langfuseFailure } from "../../backend/langfuse-failure.ts";
import { ExitCode, UserError } from "../../core/errors.ts";
import { inParallel } from "../../core/in-parallel.ts";
import { parseItems } from "../../llm/dataset-file.ts";
import { type ArgumentSpec, type Command, type Invocation, optionText } from "../command.ts";
import type { CliContext } from "../context.ts";
import { datasetName, findDataset } from "../dataset-name.ts";
import { runCommand } from "../dataset-run.ts";
import { answered, LANGFUSE_TIMEOUT_MS, langfuseError, requireLangfuse } from "../langfuse-context.ts";
import type { DatasetAddJson, DatasetCreateJson, DatasetListJson } from "../langfuse-shapes.ts";
import { quote, table } from "../printable.ts";
import { readTextFile } from "../read-text.ts";

const NAME: ArgumentSpec = { name: "name", doc: "of the dataset", complete: "datasets" };

const exitCodes = {
  1: "Langfuse cannot be reached, or is busy",
  2: "no keys or wrong ones, an unknown dataset, or wrong usage",
};

/** The server takes one item a request. */
const ITEMS_AT_ONCE = 4;

const create: Command = {
  name: "create",
  summary: "Create a dataset in Langfuse",
  description: "One of that name that is there stays as it is, with its items.",
  arguments: [NAME],
  options: [{ flags: "--description <text>", doc: "what it is for" }],
  examples: [{ command: "tta-persona dataset create reviews", doc: "empty at first" }],
  exitCodes,
  json: "tta-persona/dataset-create/1",
  async run(invocation, ctx) {
    const name = datasetName(invocation);
    const description = optionText(invocation, "description");
    const made = answered(await createDataset(requireLangfuse(ctx), name, description, timeout()));
    const document: DatasetCreateJson = { schema: "tta-persona/dataset-create/1", id: made.id, name };
    ctx.output.done(document, `Created the dataset ${quote(name)}\n`);
    return ExitCode.done;
  },
};

const add: Command = {
  name: "add",
  summary: "Add the items of a file to a dataset",
  description:
    "A .csv file has a header; any other has one JSON object a line. Fields are input, expectedOutput, metadata and id. " +
    "In CSV they are texts, but for metadata, which is JSON. An item without an id gets one that follows from its " +
    "input: adding the file again changes items and doubles none. When a row is no good, none is sent.",
  arguments: [NAME],
  options: [{ flags: "--file <path>", doc: "JSONL or CSV; - reads JSONL from standard input" }],
  examples: [{ command: "tta-persona dataset add reviews --file items.jsonl", doc: "all of them or none" }],
  exitCodes: { ...exitCodes, 2: `${exitCodes[2]}, or rows that do not parse, each told with its line` },
  json: "tta-persona/dataset-add/1",
  run: addItems,
};

const list: Command = {
  name: "list",
  summary: "List the datasets, or the items of one",
  arguments: [{ ...NAME, doc: "list the items of this one", optional: true }],
  examples: [{ command: "tta-persona dataset list reviews", doc: "its items" }],
  exitCodes,
  json: "tta-persona/dataset-list/1",
  async run(invocation, ctx) {
    const project = requireLangfuse(ctx);
    const isOne = invocation.args[0] !== undefined;
    const dataset = isOne ? await findDataset(project, datasetName(invocation)) : undefined;
    const datasets = dataset === undefined ? answered(await listDatasets(project, timeout())) : [dataset];
    const items = dataset === undefined ? null : answered(await listItems(project, dataset.name, timeout()));
    const document: DatasetListJson = {
      schema: "tta-persona/dataset-list/1",
      datasets: datasets.map(({ id, name, description }) => ({ id, name, description: description ?? null })),
      items: items?.map((item) => ({ ...item })) ?? null,
    };
    const rows =
      items === null
        ? datasets.map(({ name, description }) => [name, description ?? ""])
        : items.map(({ id, input }) => [id, short(input)]);
    const none = items === null ? "There are no datasets yet.\n" : "The dataset has no items yet.\n";
    ctx.output.answer(document, rows.length === 0 ? none : table(rows));
    return ExitCode.done;
  },
};

export const command: Command = {
  name: "dataset",
  summary: "Manage Langfuse's datasets, and run models on them",
  examples: [
    { command: "tta-persona dataset add reviews --file items.csv", doc: "fill one" },
    {
      command: "tta-persona dataset run reviews --prompt review@staging --judge exact",
      doc: "and score what a model makes of its items",
    },
  ],
  exitCodes,
  json: "tta-persona/dataset-list/1",
  subcommands: [create, add, list, runCommand],
};

async function addItems(invocation: Invocation, ctx: CliContext): Promise<number> {
  const project = requireLangfuse(ctx);
  const name = datasetName(invocation);
  const path = optionText(invocation, "file");
  if (path === undefined) {
    throw new UserError({
      reason: "no-file",
      message: "Which items shall be added?",
      hint: "Give --file with the path of a .jsonl or .csv file, or - for standard input.",
    });
  }
  const text = path === "-" ? await ctx.readStdin() : readTextFile(path);
  const items = parseItems(text, /\.csv$/i.test(path) ? "csv" : "jsonl", name);
  if (!items.ok) {
    const where = items.error.map(({ line, message }) => `line ${line}: ${message}`);
    // With --json the one document says it all.
    if (!ctx.flags.json) ctx.output.complain(where);
    throw new UserError({
      reason: "invalid-items",
      message: ctx.flags.json
        ? where.join("; ")
        : `${where.length === 1 ? "A row is" : `${where.length} rows are`} no good.`,
      hint: "Nothing was sent. Correct the file, and add it again.",
    });
  }
  await findDataset(project, name);
  let failure: ReturnType<typeof langfuseFailure> | undefined;
  let added = 0;
  await inParallel(
    items.value,
    ITEMS_AT_ONCE,
    async (item) => {
      const put = await putItem(project, name, item, timeout());
      if (put.ok) added += 1;
      else failure ??= langfuseFailure(put.error);
    },
    () => failure !== undefined,
  );
  if (failure !== undefined) {
    const { message, ...rest } = failure;
    const done = `${added} of ${items.value.length} items were added; adding them again doubles none.`;
    throw langfuseError({ ...rest, message: `${message} ${done}` });
  }
  const document: DatasetAddJson = { schema: "tta-persona/dataset-add/1", dataset: name, items: added };
  ctx.output.done(document, `Added ${added} item${added === 1 ? "" : "s"} to ${quote(name)}\n`);
  return ExitCode.done;
}

function short(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const shown = quote(text);
  return typeof value === "string" ? shown : shown.slice(1, -1);
}

function timeout(): AbortSignal {
  return AbortSignal.timeout(LANGFUSE_TIMEOUT_MS);
}
