import { ExitCode, UserError } from "../../core/errors.ts";
import { createMasker } from "../../core/mask.ts";
import { appendFact } from "../../journal/append.ts";
import { makeFact } from "../../journal/make-fact.ts";
import { readFacts } from "../../journal/read.ts";
import { SCORE_DATA_TYPES, type ScoreDataType, type ScoreGiven } from "../../projection/llm-facts.ts";
import { deliverAfterWork } from "../after-work.ts";
import { type Command, optionText } from "../command.ts";
import type { CliContext } from "../context.ts";
import type { ScoreJson } from "../json-shapes.ts";
import { maskingOf } from "../masking.ts";
import { plainScope, readStanding } from "../persona-in-force.ts";
import { quote } from "../printable.ts";

export const command: Command = {
  name: "score",
  summary: "Score a trace or one of its observations in Langfuse",
  description:
    "The score is recorded like everything else, and delivered to Langfuse when that is configured. A number makes a " +
    "NUMERIC score, true and false a BOOLEAN one, any other text a CATEGORICAL one.",
  arguments: [
    { name: "id", doc: "a trace's id (32 hex digits), or an observation's, which is a span's (16)" },
    { name: "name", doc: "of the score, such as helpfulness" },
    { name: "value", doc: "a number, true, false, or a category" },
  ],
  options: [
    { flags: "--comment <text>", doc: "why" },
    { flags: "--data-type <type>", doc: `one of ${SCORE_DATA_TYPES.join(", ")}`, complete: SCORE_DATA_TYPES },
    { flags: "--trace <id>", doc: "the trace of an observation that was not made on this machine" },
  ],
  examples: [
    {
      command: "tta-persona score 0af7651916cd43dd8448eb211c80319c helpfulness 0.9",
      doc: "of a whole trace",
    },
    {
      command: 'tta-persona score b7ad6b7169203331 accepted true --comment "merged as it was"',
      doc: "of one observation",
    },
  ],
  exitCodes: { 1: "it could not be written down, such as on a full disk" },
  json: "tta-persona/score/1",
  async run(invocation, ctx) {
    const [id = "", name = "", value = ""] = invocation.args;
    const comment = optionText(invocation, "comment");
    const masker = createMasker(maskingOf(ctx));
    const typed = typedValue(value, optionText(invocation, "dataType"));
    if (name.trim() === "") throw bad("invalid-score", "A score's name cannot be empty.", "Name it: quality");
    const data: ScoreGiven = {
      ...findTarget(id.toLowerCase(), optionText(invocation, "trace")?.toLowerCase(), ctx),
      name,
      ...typed,
      ...(typeof typed.value === "string" ? { value: masker.text(typed.value) } : {}),
      ...(comment === undefined ? {} : { comment: masker.text(comment) }),
    };
    const fact = makeFact(ctx, { type: "score.given", scope: plainScope(readStanding(ctx)), data });
    appendFact({ dir: ctx.home.journal, segmentBytes: ctx.settings.segmentBytes }, fact);
    const document: ScoreJson = {
      schema: "tta-persona/score/1",
      id: fact.id,
      traceId: data.traceId,
      observationId: data.spanId ?? null,
      name,
      value: data.value,
      dataType: data.dataType,
    };
    ctx.output.done(document, `Scored ${quote(name)} ${data.value}${whyNotSent(ctx)}\n`);
    await deliverAfterWork(ctx);
    return ExitCode.done;
  },
};

function findTarget(id: string, trace: string | undefined, ctx: CliContext) {
  if (isId(id, 32)) return { traceId: id };
  if (!isId(id, 16)) {
    throw bad(
      "invalid-id",
      `${quote(id)} is no id of a trace or an observation.`,
      "It takes 32 or 16 hex digits.",
    );
  }
  if (trace !== undefined && !isId(trace, 32)) {
    throw bad("invalid-id", `${quote(trace)} is no id of a trace.`, "It takes 32 hex digits.");
  }
  const traceId = trace ?? traceOfSpan(id, ctx);
  if (traceId === undefined) {
    throw bad(
      "unknown-observation",
      `No span ${id} is in this machine's journal.`,
      "Name its trace as well: --trace <id>",
    );
  }
  return { traceId, spanId: id };
}

function traceOfSpan(spanId: string, { home }: CliContext): string | undefined {
  let traceId: string | undefined;
  readFacts(home.journal, undefined, ({ trace }) => {
    if (trace.spanId === spanId) traceId = trace.traceId;
    return traceId === undefined;
  });
  return traceId;
}

function isId(text: string, digits: number): boolean {
  return text.length === digits && /^[0-9a-f]*[1-9a-f][0-9a-f]*$/.test(text);
}

const TRUTHS: ReadonlyMap<string, number> = new Map([
  ["true", 1],
  ["false", 0],
  ["1", 1],
  ["0", 0],
]);

/** The value as its type has it; the type that it looks like, when none is asked for. */
function typedValue(text: string, wanted: string | undefined): Pick<ScoreGiven, "value" | "dataType"> {
  const number = text.trim() === "" ? Number.NaN : Number(text);
  const truth = TRUTHS.get(text.toLowerCase());
  const looksLike: ScoreDataType = Number.isFinite(number)
    ? "NUMERIC"
    : truth === undefined
      ? "CATEGORICAL"
      : "BOOLEAN";
  const dataType =
    wanted === undefined ? looksLike : SCORE_DATA_TYPES.find((type) => type === wanted.toUpperCase());
  if (dataType === "NUMERIC" && Number.isFinite(number)) return { value: number, dataType };
  if (dataType === "BOOLEAN" && truth !== undefined) return { value: truth, dataType };
  if (dataType === "CATEGORICAL" && text !== "") return { value: text, dataType };
  const allowed = { NUMERIC: "a number", BOOLEAN: "true or false", CATEGORICAL: "a text" };
  throw dataType === undefined
    ? bad(
        "invalid-score",
        `--data-type cannot be ${quote(wanted ?? "")}.`,
        `It takes ${SCORE_DATA_TYPES.join(", ")}.`,
      )
    : bad("invalid-score", `The value cannot be ${quote(text)}.`, `${dataType} takes ${allowed[dataType]}.`);
}

function whyNotSent({ settings, paint }: CliContext): string {
  if (settings.langfuse !== undefined) return "";
  return paint.dim("; it is delivered once Langfuse is configured (langfuse.publicKey, langfuse.secretKey)");
}

function bad(reason: string, message: string, hint: string): UserError {
  return new UserError({ reason, message, hint });
}
