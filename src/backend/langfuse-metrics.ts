import { err, ok, type Result } from "../core/result.ts";
import type { Undelivered } from "./classify-error.ts";
import { askLangfuse, type LangfuseProject } from "./langfuse-http.ts";
import { asRecord, type LangfuseRecord, senseless } from "./langfuse-pages.ts";

/** What the generations of one name and model came to. */
export interface GenerationFigures {
  /** Of the observation, as `{persona}_{what for}`. */
  readonly name: string;
  readonly model: string;
  readonly calls: number;
  readonly costUsd: number;
  readonly tokens: number;
  /** Mean. */
  readonly latencySeconds: number;
}

/** The most that one query gives. */
export const MOST_ROWS = 1000;

/**
 * Cost, tokens and latency of a project's generations within a time, milliseconds since the epoch, in one query: the
 * smallest plan of Langfuse Cloud allows a hundred a day. Asked by the observations' names, since the API refuses to
 * group by user (https://langfuse.com/docs/metrics/features/metrics-api#high-cardinality-dimensions). Servers before
 * v4 have the same query at the old place.
 */
export async function generationFigures(
  project: LangfuseProject,
  fromMs: number,
  toMs: number,
  signal: AbortSignal,
): Promise<Result<readonly GenerationFigures[], Undelivered>> {
  const query = {
    query: JSON.stringify({
      view: "observations",
      dimensions: [{ field: "name" }, { field: "providedModelName" }],
      metrics: [
        { measure: "count", aggregation: "count" },
        { measure: "totalCost", aggregation: "sum" },
        { measure: "totalTokens", aggregation: "sum" },
        { measure: "latency", aggregation: "avg" },
      ],
      filters: [{ column: "type", operator: "=", value: "GENERATION", type: "string" }],
      fromTimestamp: new Date(fromMs).toISOString(),
      toTimestamp: new Date(toMs).toISOString(),
      orderBy: [{ field: "count_count", direction: "desc" }],
      config: { row_limit: MOST_ROWS },
    }),
  };
  let answer = await askLangfuse(project, { path: "/v2/metrics", query }, signal);
  if (!answer.ok && answer.error.reason === "http_404") {
    answer = await askLangfuse(project, { path: "/metrics", query }, signal);
  }
  if (!answer.ok) return answer;
  const { data } = asRecord(answer.value);
  if (!Array.isArray(data)) return err(senseless);
  return ok(data.map(asRecord).flatMap(figuresOf));
}

/** Large sums come as texts. Without a model it was none of a model's. */
function figuresOf(row: LangfuseRecord): readonly GenerationFigures[] {
  const { name, providedModelName: model } = row;
  if (typeof name !== "string" || typeof model !== "string" || model === "") return [];
  const amount = (field: string) => {
    const value = Number(row[field] ?? 0);
    return Number.isFinite(value) && value > 0 ? value : 0;
  };
  return [
    {
      name,
      model,
      calls: amount("count_count"),
      costUsd: amount("sum_totalCost"),
      tokens: amount("sum_totalTokens"),
      latencySeconds: amount("avg_latency") / 1000,
    },
  ];
}
