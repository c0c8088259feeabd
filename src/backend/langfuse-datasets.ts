import { err, ok, type Result } from "../core/result.ts";
import type { Undelivered } from "./classify-error.ts";
import { askAgain } from "./langfuse-again.ts";
import type { LangfuseProject } from "./langfuse-http.ts";
import { asRecord, readPages, senseless } from "./langfuse-pages.ts";

/** Datasets and their items (https://langfuse.com/docs/evaluation/experiments/datasets). */

export interface LangfuseDataset {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
}

/** Input and expected output are any JSON; null where there is none. */
export interface LangfuseItem {
  readonly id: string;
  readonly input: unknown;
  readonly expectedOutput: unknown;
  readonly metadata: unknown;
}

/** Makes a dataset; one of that name that is there keeps its items. */
export async function createDataset(
  project: LangfuseProject,
  name: string,
  description: string | undefined,
  signal: AbortSignal,
): Promise<Result<LangfuseDataset, Undelivered>> {
  const body = { name, ...(description === undefined ? {} : { description }) };
  const answer = await askAgain(project, { method: "POST", path: "/v2/datasets", body }, signal);
  return answer.ok ? readDataset(answer.value) : answer;
}

/** An unknown one is `http_404`. */
export async function getDataset(
  project: LangfuseProject,
  name: string,
  signal: AbortSignal,
): Promise<Result<LangfuseDataset, Undelivered>> {
  const answer = await askAgain(project, { path: `/v2/datasets/${encodeURIComponent(name)}` }, signal);
  return answer.ok ? readDataset(answer.value) : answer;
}

export async function listDatasets(
  project: LangfuseProject,
  signal: AbortSignal,
): Promise<Result<readonly LangfuseDataset[], Undelivered>> {
  const records = await readPages(project, { path: "/v2/datasets" }, signal);
  if (!records.ok) return records;
  return ok(records.value.map(readDataset).flatMap((one) => (one.ok ? [one.value] : [])));
}

/** Puts an item into a dataset, in the place of the one that has its id. */
export async function putItem(
  project: LangfuseProject,
  datasetName: string,
  { id, input, expectedOutput, metadata }: LangfuseItem,
  signal: AbortSignal,
): Promise<Result<undefined, Undelivered>> {
  const body = { datasetName, id, input, expectedOutput, metadata };
  const answer = await askAgain(project, { method: "POST", path: "/dataset-items", body }, signal);
  return answer.ok ? ok(undefined) : answer;
}

/** All items of a dataset that are not archived. */
export async function listItems(
  project: LangfuseProject,
  datasetName: string,
  signal: AbortSignal,
): Promise<Result<readonly LangfuseItem[], Undelivered>> {
  const records = await readPages(project, { path: "/dataset-items", query: { datasetName } }, signal);
  if (!records.ok) return records;
  return ok(
    records.value.flatMap(({ id, status, input = null, expectedOutput = null, metadata = null }) =>
      typeof id === "string" && status !== "ARCHIVED" ? [{ id, input, expectedOutput, metadata }] : [],
    ),
  );
}

function readDataset(value: unknown): Result<LangfuseDataset, Undelivered> {
  const { id, name, description } = asRecord(value);
  if (typeof id !== "string" || typeof name !== "string") return err(senseless);
  return ok({ id, name, ...(typeof description === "string" ? { description } : {}) });
}
