import { err, ok, type Result } from "../core/result.ts";
import type { Undelivered } from "./classify-error.ts";
import { askLangfuse, type LangfuseProject } from "./langfuse-http.ts";
import { asRecord } from "./langfuse-pages.ts";

export interface ObservationRange {
  readonly spanIds: readonly string[];
  /** Between which they began, milliseconds since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** More than one batch and its neighbours; a project that is busier than that gets some spans twice. */
const MOST_PAGES = 20;

/**
 * Which of these observations a project has: by the current endpoint, on servers before v4 by the old one. A server
 * that has neither cannot be asked, and nothing is known of any.
 */
export async function findObservations(
  project: LangfuseProject,
  range: ObservationRange,
  signal: AbortSignal,
): Promise<Result<ReadonlySet<string>, Undelivered>> {
  for (const api of [current, old]) {
    const found = await readPages(project, api, range, signal);
    if (found.ok || !isMissing(found.error)) return found;
  }
  return ok(new Set());
}

/** Versions between the two know the new endpoint, and say that it is not theirs. */
function isMissing({ status, reason }: Undelivered): boolean {
  return status === "refused" || /^http_(?:404|405|501)$/.test(reason);
}

interface ListApi {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** What asks for the page after this one; undefined after the last. */
  next(meta: Readonly<Record<string, unknown>>, page: number): Readonly<Record<string, string>> | undefined;
}

/** https://langfuse.com/docs/api-and-data-platform/features/observations-api */
const current: ListApi = {
  path: "/v2/observations",
  query: { fields: "core", limit: "1000" },
  next: ({ cursor }) => (typeof cursor === "string" && cursor !== "" ? { cursor } : undefined),
};

const old: ListApi = {
  path: "/observations",
  query: { limit: "100" },
  next: ({ totalPages }, page) => (Number(totalPages) > page ? { page: String(page + 1) } : undefined),
};

async function readPages(
  project: LangfuseProject,
  { path, query, next }: ListApi,
  { spanIds, fromMs, toMs }: ObservationRange,
  signal: AbortSignal,
): Promise<Result<ReadonlySet<string>, Undelivered>> {
  const wanted = new Set(spanIds);
  const found = new Set<string>();
  // The servers' clocks have whole milliseconds, and the end is not in the range.
  const range = {
    fromStartTime: new Date(Math.floor(fromMs)).toISOString(),
    toStartTime: new Date(Math.floor(toMs) + 1).toISOString(),
  };
  let place: Readonly<Record<string, string>> | undefined = {};
  for (let page = 1; place !== undefined && page <= MOST_PAGES && found.size < wanted.size; page++) {
    const answer = await askLangfuse(project, { path, query: { ...query, ...range, ...place } }, signal);
    if (!answer.ok) return answer;
    const { data, meta } = (answer.value ?? {}) as { readonly data?: unknown; readonly meta?: unknown };
    if (!Array.isArray(data)) return err({ status: "unavailable", reason: "invalid_response" });
    for (const { id } of data.map(asRecord)) {
      if (typeof id === "string" && wanted.has(id)) found.add(id);
    }
    place = next((meta ?? {}) as Readonly<Record<string, unknown>>, page);
  }
  return ok(found);
}
