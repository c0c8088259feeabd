import { createHash } from "node:crypto";
import type { LangfuseItem } from "../backend/langfuse-datasets.ts";
import { canonicalJson } from "../core/canonical-json.ts";
import { err, ok, type Result } from "../core/result.ts";
import { parseCsv } from "./csv.ts";

/** A row that is no item. */
export interface RowProblem {
  /** From 1; of a record over several lines the first. */
  readonly line: number;
  readonly message: string;
}

const FIELDS = ["id", "input", "expectedOutput", "metadata"] as const;
type Field = (typeof FIELDS)[number];
type Row = { readonly line: number } & Readonly<Partial<Record<Field, unknown>>>;

/**
 * The items of a file: JSONL with one object a line, or CSV with a header. Of what JSONL says any JSON is kept; cells
 * of CSV are texts, but for `metadata`, which is JSON. An item without an `id` gets one that follows from the dataset
 * and its input, so that adding the file again changes items and doubles none.
 *
 * @returns all rows that are no good, where there are any.
 */
export function parseItems(
  text: string,
  format: "jsonl" | "csv",
  dataset: string,
): Result<readonly LangfuseItem[], readonly RowProblem[]> {
  const { rows, problems } = format === "csv" ? csvRows(text) : jsonRows(text);
  const found = [...problems];
  const items = new Map<string, { readonly line: number; readonly item: LangfuseItem }>();
  for (const row of rows) {
    const item = itemOf(row, dataset);
    if (!item.ok) {
      found.push({ line: row.line, message: item.error });
      continue;
    }
    const known = items.get(item.value.id);
    if (known === undefined) items.set(item.value.id, { line: row.line, item: item.value });
    else {
      const what = row.id === undefined ? "input" : "id";
      found.push({ line: row.line, message: `the same ${what} as line ${known.line}` });
    }
  }
  if (found.length > 0) return err(found.sort((a, b) => a.line - b.line));
  return ok([...items.values()].map(({ item }) => item));
}

interface Rows {
  readonly rows: readonly Row[];
  readonly problems: readonly RowProblem[];
}

function jsonRows(text: string): Rows {
  const rows: Row[] = [];
  const problems: RowProblem[] = [];
  for (const [index, content] of text
    .replace(/^\ufeff/, "")
    .split(/\r?\n/)
    .entries()) {
    if (content.trim() === "") continue;
    const line = index + 1;
    const value = parseJson(content);
    if (!value.ok) problems.push({ line, message: "no JSON" });
    else if (!isObject(value.value)) problems.push({ line, message: "no object" });
    else {
      const unknown = Object.keys(value.value).filter((name) => !FIELDS.includes(name as Field));
      if (unknown.length > 0) problems.push({ line, message: unknownFields(unknown) });
      else rows.push({ ...value.value, line });
    }
  }
  return { rows, problems };
}

function csvRows(text: string): Rows {
  const { records, problems } = parseCsv(text);
  const [header, ...others] = records;
  if (header === undefined) return { rows: [], problems };
  const names = header.cells.map((name) => name.trim());
  const unknown = names.filter((name) => !FIELDS.includes(name as Field));
  if (unknown.length > 0)
    return { rows: [], problems: [{ line: header.line, message: unknownFields(unknown) }] };
  if (!names.includes("input")) {
    return { rows: [], problems: [{ line: header.line, message: "the header has no column input" }] };
  }
  const found = [...problems];
  const rows: Row[] = [];
  for (const { line, cells } of others) {
    if (cells.length !== names.length) {
      found.push({ line, message: `${cells.length} cells, where the header has ${names.length}` });
      continue;
    }
    const row: Record<string, unknown> = {};
    for (const [index, name] of names.entries()) if (cells[index] !== "") row[name] = cells[index];
    const metadata = row.metadata === undefined ? undefined : parseJson(String(row.metadata));
    if (metadata?.ok === false) found.push({ line, message: "metadata is no JSON" });
    else rows.push({ ...row, ...(metadata === undefined ? {} : { metadata: metadata.value }), line });
  }
  return { rows, problems: found };
}

function itemOf(
  { id, input, expectedOutput = null, metadata = null }: Row,
  dataset: string,
): Result<LangfuseItem, string> {
  if (input === undefined || input === null || input === "") return err("input is missing");
  if (id !== undefined && !(typeof id === "string" && id.trim() !== "" && id.length <= 200)) {
    return err("id is no text of at most 200 characters");
  }
  return ok({ id: id ?? stableId(dataset, input), input, expectedOutput, metadata });
}

/** Ids are the project's: the same input may be in more than one dataset. */
function stableId(dataset: string, input: unknown): string {
  return createHash("sha256")
    .update(canonicalJson([dataset, input]))
    .digest("hex")
    .slice(0, 32);
}

function unknownFields(names: readonly string[]): string {
  return `unknown ${names.map((name) => JSON.stringify(name.slice(0, 40))).join(", ")}; there are ${FIELDS.join(", ")}`;
}

function parseJson(text: string): Result<unknown, undefined> {
  try {
    return ok(JSON.parse(text));
  } catch {
    return err(undefined);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
