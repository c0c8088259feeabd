import { formatDuration } from "../../core/duration.ts";
import { ExitCode, UserError } from "../../core/errors.ts";
import { chatmodeSuffix, placeText } from "../../persona/session-text.ts";
import { readHistory } from "../../projection/history.ts";
import type { HistoryEntry } from "../../projection/ledger.ts";
import { NO_PERSONA } from "../../projection/session.ts";
import { shellScope } from "../../projection/shell-scope.ts";
import { type Command, optionText } from "../command.ts";
import type { CliContext } from "../context.ts";
import { currentLedger } from "../delivery-context.ts";
import type { HistoryJson } from "../json-shapes.ts";
import { optionSince } from "../option-values.ts";
import { readStanding } from "../persona-in-force.ts";
import { quote } from "../printable.ts";
import { scopeOption, scopeTarget } from "../scope-option.ts";

const DEFAULT_LIMIT = 20;

export const command: Command = {
  name: "history",
  summary: "Show the latest switches, and how long each session lasted",
  description: "Of all scopes, unless one is asked for; what runs did is in `tta-persona runs`.",
  options: [
    { flags: "--limit <n>", doc: "at most this many (default: 20, or all of them with --since)" },
    { flags: "--since <when>", doc: "from then on: 2h, 3d, 2026-11-24 or 2026-11-24T08:00:00Z" },
    { ...scopeOption, doc: "of one only: global, this project's or this shell's" },
  ],
  examples: [
    { command: "tta-persona history", doc: "the latest 20" },
    { command: "tta-persona history --since 1d", doc: "everything since yesterday" },
  ],
  exitCodes: {},
  json: "tta-persona/history/1",
  run(invocation, ctx) {
    const since = optionSince(invocation, ctx.clock.now());
    const fallback = since === undefined ? DEFAULT_LIMIT : Number.POSITIVE_INFINITY;
    const limit = parseLimit(optionText(invocation, "limit")) ?? fallback;
    const { state } = currentLedger(ctx);
    const scope =
      optionText(invocation, "scope") === undefined
        ? undefined
        : scopeTarget(invocation, readStanding(ctx, state.session), ctx).scope;
    const entries = readHistory(ctx.home, state, {
      limit,
      ...(since === undefined ? {} : { since }),
      ...(scope === undefined ? {} : { scope }),
    });
    const document: HistoryJson = { schema: "tta-persona/history/1", entries: entries.map(entryJson) };
    const nothing =
      since === undefined ? "Nothing has happened yet.\n" : "Nothing has happened since then.\n";
    const text = entries.map((entry) => entryText(entry, ctx)).join("");
    ctx.output.answer(document, text === "" ? nothing : text);
    return ExitCode.done;
  },
};

function parseLimit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (limit > 0) return limit;
  throw new UserError({
    reason: "invalid-limit",
    message: `${quote(text)} is no limit.`,
    hint: "It takes a whole number above 0.",
  });
}

function entryJson({ at, durationMs, ...entry }: HistoryEntry): HistoryJson["entries"][number] {
  return {
    at: new Date(at).toISOString(),
    ...entry,
    durationSeconds: durationMs === undefined ? null : durationMs / 1000,
  };
}

function entryText(entry: HistoryEntry, ctx: CliContext): string {
  const { paint } = ctx;
  const after = entry.durationMs === undefined ? "" : ` after ${formatDuration(entry.durationMs)}`;
  const mode = `${chatmodeSuffix(entry.chatmode)}${whereText(entry.scope, ctx)}`;
  const time = paint.dim(localTime(entry.at));
  if (entry.kind === "ended") return `${time}  ${entry.from}${mode} ended${paint.dim(after)}\n`;
  const from = entry.from === NO_PERSONA ? "" : paint.dim(` from ${entry.from}${after}`);
  return `${time}  ${paint.bold(entry.to)}${mode}${from}\n`;
}

/** Of another shell than this one, which. */
function whereText(scope: string, { env }: CliContext): string {
  if (scope.startsWith("shell:") && scope !== shellScope(env)) return ` in ${scope.replace(":", " ")}`;
  return scope.startsWith("project:") ? ` in ${scope.replace(":", " ")}` : placeText(scope);
}

/** `2026-11-24 08:00` where the user is. */
function localTime(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
