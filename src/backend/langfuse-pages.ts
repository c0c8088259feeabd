import { err, ok, type Result } from "../core/result.ts";
import type { Undelivered } from "./classify-error.ts";
import { askAgain } from "./langfuse-again.ts";
import type { LangfuseProject, LangfuseRequest } from "./langfuse-http.ts";

const PAGE = 100;

/** So that a server that counts wrongly does not keep us for ever. */
const MOST_PAGES = 1000;

/** An answer of the public API in JSON. Nothing in it is trusted because the type says so. */
export type LangfuseRecord = Readonly<Record<string, unknown>>;

/** All records of a list that comes in pages. */
export async function readPages(
  project: LangfuseProject,
  { path, query = {} }: Pick<LangfuseRequest, "path" | "query">,
  signal: AbortSignal,
): Promise<Result<readonly LangfuseRecord[], Undelivered>> {
  const records: LangfuseRecord[] = [];
  for (let page = 1; page <= MOST_PAGES; page++) {
    const request = { path, query: { ...query, page: String(page), limit: String(PAGE) } };
    const answer = await askAgain(project, request, signal);
    if (!answer.ok) return answer;
    const { data, meta } = asRecord(answer.value);
    if (!Array.isArray(data)) return err(senseless);
    records.push(...data.map(asRecord));
    if (!(Number(asRecord(meta).totalPages) > page)) break;
  }
  return ok(records);
}

export function asRecord(value: unknown): LangfuseRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as LangfuseRecord)
    : {};
}

export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((text) => typeof text === "string") : [];
}

/** What an answer is that says none of what it should. */
export const senseless: Undelivered = { status: "unavailable", reason: "invalid_response" };
