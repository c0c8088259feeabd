import * as z from "zod";
import type { Failure } from "../core/errors.ts";
import { err, ok, type Result } from "../core/result.ts";
import { schemaProblems } from "../core/schema-problem.ts";
import { parseSource } from "../core/source.ts";
import { type CallEntry, reportOf } from "./call-entry.ts";
import type { CallReport } from "./record-call.ts";

const tokens = z.int().min(0);
const word = z.string().min(1).max(200);

/** One call on standard input of `tokens record`. Unknown fields are refused: a typo would lose what it was about. */
const entrySchema = z
  .strictObject({
    model: word.describe("`model` or `provider/model`"),
    provider: word.exactOptional(),
    input: tokens.exactOptional().describe("tokens, cached ones included"),
    output: tokens.exactOptional().describe("tokens, reasoning included"),
    cached: tokens.exactOptional().describe("input tokens that came from the cache"),
    cacheCreation: tokens.exactOptional().describe("input tokens that were written to the cache"),
    cacheCreationHour: tokens
      .exactOptional()
      .describe("of these, what is kept for an hour (Anthropic's ephemeral_1h_input_tokens)"),
    reasoning: tokens.exactOptional(),
    costUsd: z.number().min(0).exactOptional().describe("where it is known; else the price list's"),
    startedAt: z.iso.datetime({ offset: true }).exactOptional(),
    latencyMs: z.number().min(0).exactOptional(),
    firstTokenMs: z.number().min(0).exactOptional().describe("from the start of the call"),
    outcome: z.enum(["ok", "error", "aborted"]).exactOptional(),
    error: z.strictObject({ type: word, message: z.string().exactOptional() }).exactOptional(),
    operation: word.exactOptional().describe("such as chat or embeddings"),
    taskType: word.exactOptional(),
    prompt: z.string().exactOptional(),
    response: z.string().exactOptional(),
    finishReason: word.exactOptional(),
    responseId: word.exactOptional(),
    metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).exactOptional(),
    persona: word.exactOptional(),
  })
  .meta({ title: "a call of a model, for tta-persona tokens record --stdin" });

/** The published JSON Schema of one call. */
export function callJsonSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(entrySchema, { io: "input" }), null, 2)}\n`;
}

export interface ReadReport {
  readonly report: CallReport;
  /** As it was written. */
  readonly persona: string | undefined;
}

const HINT = "See: tta-persona tokens record --help";

/**
 * Reads one object, an array, or one object per line. All or nothing: the first that is wrong is told by its line.
 * Failure `invalid-call`.
 */
export function readReports(text: string, now: number): Result<readonly ReadReport[], Failure> {
  const pieces = piecesOf(text);
  if (pieces.length === 0)
    return wrong(
      1,
      "there is no call",
      'Write for instance {"model": "gpt-4o", "input": 900, "output": 80}.',
    );
  const reports: ReadReport[] = [];
  for (const { text: piece, line } of pieces) {
    const source = parseSource(piece, "json");
    if (!source.ok)
      return wrong(line + source.error.line - 1, source.error.message, "Correct the JSON there.");
    const isList = Array.isArray(source.value.value);
    const parsed = z.array(entrySchema).safeParse(isList ? source.value.value : [source.value.value]);
    if (!parsed.success) {
      const issues = isList
        ? parsed.error.issues
        : parsed.error.issues.map((issue) => ({ ...issue, path: issue.path.slice(1) }));
      const [first] = schemaProblems(issues, source.value, () => HINT);
      return wrong(line + first.line - 1, first.message, first.hint);
    }
    for (const [index, entry] of parsed.data.entries()) {
      const report = reportOf(entry satisfies CallEntry, now);
      if (!report.ok) {
        const at = source.value.locate(isList ? [index] : []);
        return wrong(line + at.line - 1, report.error.message, report.error.hint ?? HINT);
      }
      reports.push({ report: report.value, persona: entry.persona });
    }
  }
  if (reports.length === 0) return wrong(1, "there is no call", HINT);
  return ok(reports);
}

interface Piece {
  readonly text: string;
  /** That it begins on, from 1. */
  readonly line: number;
}

/** Lines where each is an object of its own; else all of it is one document. */
function piecesOf(text: string): readonly Piece[] {
  const lines = text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .map((line, index) => ({ text: line, line: index + 1 }))
    .filter((piece) => piece.text.trim() !== "");
  if (lines.length === 0) return [];
  return lines.length > 1 && (isObject(lines[0]) || isObject(lines.at(-1))) ? lines : [{ text, line: 1 }];
}

/** One line that is a whole object says that each of them is one, also where another one is broken. */
function isObject(piece: Piece | undefined): boolean {
  try {
    return piece?.text.trim().startsWith("{") === true && JSON.parse(piece.text) !== null;
  } catch {
    return false;
  }
}

function wrong(line: number, message: string, hint: string): Result<never, Failure> {
  return err({ reason: "invalid-call", message: `standard input, line ${line}: ${message}`, hint });
}
