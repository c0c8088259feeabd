import type { Answer, ReceivedRequest } from "./behaviour.ts";

/** A version of a prompt as the public API gives it. */
export interface StoredPrompt {
  readonly name: string;
  readonly version: number;
  readonly type: string;
  readonly prompt: unknown;
  readonly labels: readonly string[];
  readonly commitMessage?: string | null;
}

export interface StoredItem {
  readonly id: string;
  readonly datasetId: string;
  readonly datasetName: string;
  readonly input: unknown;
  readonly expectedOutput: unknown;
  readonly metadata: unknown;
  readonly status: string;
}

export interface LangfuseLibrary {
  prompts(): readonly StoredPrompt[];
  items(): readonly StoredItem[];
  datasets(): readonly { readonly id: string; readonly name: string }[];
  /** It has this dataset already. */
  fill(dataset: string, items: readonly object[]): void;
  /** Rows that the metrics API answers with, whatever is asked. */
  metrics: readonly Readonly<Record<string, unknown>>[];
  /** Undefined for routes that are none of these. */
  answer(request: ReceivedRequest, version: string): Answer | undefined;
}

/** Grouping by these is answered 400 (https://langfuse.com/docs/metrics/features/metrics-api). */
const TOO_MANY_VALUES = ["id", "traceId", "userId", "sessionId"];

/** Prompts, datasets and metrics of the double. */
export function createLibrary(): LangfuseLibrary {
  let prompts: readonly StoredPrompt[] = [];
  const datasets = new Map<string, { id: string; name: string; description: unknown }>();
  const items = new Map<string, StoredItem>();

  function takePrompt(body: Record<string, unknown>): Answer {
    const { name, type = "text", prompt, labels = [], commitMessage = null } = body;
    const isGood = type === "chat" ? Array.isArray(prompt) : typeof prompt === "string";
    if (typeof name !== "string" || !isGood || !areLabels(labels)) return json(400, { message: "Invalid" });
    const version = 1 + prompts.filter((one) => one.name === name).length;
    const made = { name, version, type: String(type), prompt, commitMessage: commitMessage as string | null };
    return json(201, relabel({ ...made, labels: [] }, [...labels, "latest"]));
  }

  /** Each label leads to one version. */
  function relabel(prompt: StoredPrompt, more: readonly string[]): StoredPrompt {
    const labelled = { ...prompt, labels: [...new Set([...prompt.labels, ...more])] };
    const others = prompts
      .filter((one) => !(one.name === prompt.name && one.version === prompt.version))
      .map((one) =>
        one.name === prompt.name
          ? { ...one, labels: one.labels.filter((label) => !more.includes(label)) }
          : one,
      );
    prompts = [...others, labelled];
    return labelled;
  }

  function findPrompt(name: string, query: URLSearchParams): Answer {
    const version = query.get("version");
    const label = query.get("label") ?? "production";
    const found = prompts.find(
      (one) =>
        one.name === name &&
        (version === null ? one.labels.includes(label) : one.version === Number(version)),
    );
    return found === undefined ? json(404, { message: "Prompt not found" }) : json(200, found);
  }

  function takeLabels(name: string, version: number, body: Record<string, unknown>): Answer {
    const found = prompts.find((one) => one.name === name && one.version === version);
    if (found === undefined) return json(404, { message: "Prompt not found" });
    return areLabels(body.newLabels)
      ? json(200, relabel(found, body.newLabels))
      : json(400, { message: "Invalid" });
  }

  function listPrompts(query: URLSearchParams): Answer {
    const names = [...new Set(prompts.map(({ name }) => name))];
    return page(
      names.map((name) => {
        const versions = prompts.filter((one) => one.name === name);
        return {
          name,
          versions: versions.map(({ version }) => version).sort(),
          labels: versions.flatMap(({ labels }) => labels),
          tags: [],
          lastUpdatedAt: "2026-01-31T12:00:00.000Z",
        };
      }),
      query,
    );
  }

  function takeDataset({ name, description = null }: Record<string, unknown>): Answer {
    if (typeof name !== "string" || name === "") return json(400, { message: "Invalid" });
    const dataset = { id: `ds-${name}`, name, description };
    datasets.set(name, dataset);
    return json(200, dataset);
  }

  function takeItem(body: Record<string, unknown>): Answer {
    const dataset = datasets.get(String(body.datasetName));
    if (dataset === undefined) return json(404, { message: "Dataset not found" });
    const { id = `made-${items.size}`, input = null, expectedOutput = null, metadata = null } = body;
    const known = items.get(String(id));
    // An id belongs to one dataset of the project.
    if (known !== undefined && known.datasetName !== dataset.name) return json(404, { message: "Not found" });
    const common = { datasetId: dataset.id, datasetName: dataset.name, status: "ACTIVE" };
    const item = { id: String(id), input, expectedOutput, metadata, ...common };
    items.set(item.id, item);
    return json(200, item);
  }

  const library: LangfuseLibrary = {
    prompts: () => prompts,
    items: () => [...items.values()],
    datasets: () => [...datasets.values()],
    fill(name, contents) {
      takeDataset({ name });
      for (const content of contents) takeItem({ datasetName: name, ...content });
    },
    metrics: [],
    answer(request, version) {
      const url = new URL(request.path, "http://fake");
      const query = url.searchParams;
      const path = url.pathname.replace(/^\/api\/public/, "");
      const route = `${request.method} ${path}`;
      const body = () => JSON.parse(request.body.toString("utf8")) as Record<string, unknown>;
      const [, name = "", wanted] =
        /^\/v2\/prompts\/([^/]+)(?:\/versions\/(\d+))?$/.exec(path)?.map((one) => one) ?? [];
      if (name !== "" && wanted === undefined && request.method === "GET")
        return findPrompt(decodeURIComponent(name), query);
      if (wanted !== undefined && request.method === "PATCH")
        return takeLabels(decodeURIComponent(name), Number(wanted), body());
      const dataset = /^GET \/v2\/datasets\/([^/]+)$/.exec(route)?.[1];
      if (dataset !== undefined) {
        const found = datasets.get(decodeURIComponent(dataset));
        return found === undefined ? json(404, { message: "Dataset not found" }) : json(200, found);
      }
      switch (route) {
        case "GET /v2/prompts":
          return listPrompts(query);
        case "POST /v2/prompts":
          return takePrompt(body());
        case "GET /v2/datasets":
          return page([...datasets.values()], query);
        // The npm package's old place for it.
        case "POST /datasets":
        case "POST /v2/datasets":
          return takeDataset(body());
        case "GET /dataset-items":
          return page(
            [...items.values()].filter(({ datasetName }) => datasetName === query.get("datasetName")),
            query,
          );
        case "POST /dataset-items":
          return takeItem(body());
        case "GET /v2/metrics":
          return version.startsWith("4.") ? answerMetrics(query) : json(404, {});
        case "GET /metrics":
          return version.startsWith("3.") ? answerMetrics(query) : json(404, {});
      }
      return undefined;
    },
  };

  function answerMetrics(query: URLSearchParams): Answer {
    const { view, dimensions, metrics, fromTimestamp, toTimestamp } = JSON.parse(
      query.get("query") ?? "{}",
    ) as {
      view?: unknown;
      dimensions?: readonly { field: string }[];
      metrics?: readonly unknown[];
      fromTimestamp?: string;
      toTimestamp?: string;
    };
    const isRange = Date.parse(fromTimestamp ?? "") < Date.parse(toTimestamp ?? "");
    const tooMany = dimensions?.some(({ field }) => TOO_MANY_VALUES.includes(field)) === true;
    if (view !== "observations" || metrics === undefined || metrics.length === 0 || !isRange || tooMany)
      return json(400, { message: "Invalid query" });
    return json(200, { data: library.metrics });
  }

  return library;
}

function areLabels(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((label) => /^[a-z0-9_.-]{1,36}$/.test(String(label)));
}

function page(records: readonly object[], query: URLSearchParams): Answer {
  const number = Number(query.get("page") ?? 1);
  const limit = Number(query.get("limit") ?? 50);
  if (!(limit <= 100)) return json(400, { message: "limit" });
  const meta = {
    page: number,
    limit,
    totalItems: records.length,
    totalPages: Math.ceil(records.length / limit),
  };
  return json(200, { data: records.slice((number - 1) * limit, number * limit), meta });
}

function json(status: number, body: object): Answer {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}
