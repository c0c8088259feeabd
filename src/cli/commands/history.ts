import { formatDuration } from "../../core/duration.ts";
import { ExitCode } from "../../core/errors.ts";
import { loadCatalogue, resolveInCatalogue } from "../../persona/catalogue.ts";
import { plainName } from "../../persona/names.ts";
import { chatmodeSuffix, placeText } from "../../persona/session-text.ts";
import { type HistoryQuery, readHistory } from "../../projection/history.ts";
import type { HistoryEntry, LedgerState } from "../../projection/ledger.ts";
import { DEFAULT_CHATMODE, NO_PERSONA } from "../../projection/session.ts";
import { shellScope } from "../../projection/shell-scope.ts";
import { type Command, type Invocation, optionText } from "../command.ts";
import type { CliContext } from "../context.ts";
import { currentLedger } from "../delivery-context.ts";
import { findPersona, personaPlaces } from "../find-persona.ts";
import type { HistoryJson } from "../json-shapes.ts";
import { localTime } from "../local-time.ts";
import { optionLimit, optionMoment } from "../option-values.ts";
import { readStanding } from "../persona-in-force.ts";
import { printable } from "../printable.ts";
import { scopeOption, scopeTarget } from "../scope-option.ts";

const DEFAULT_LIMIT = 20;

export const command: Command = {
  name: "history",
  summary: "Show the latest switches, and how long each session lasted",
  description: "Of all scopes, unless one is asked for; what runs did is in `tta-persona runs`.",
  options: [
    {
      flags: "--persona <name>",
      doc: "only what leads to this persona or away from it",
      complete: "personas",
    },
    { flags: "--chatmode <name>", doc: "only in this chatmode" },
    { flags: "--limit <n>", doc: "at most this many (default: 20, or all of them with --since)" },
    { flags: "--since <when>", doc: "from then on: 2h, 3d, 2026-11-24 or 2026-11-24T08:00:00Z" },
    { flags: "--until <when>", doc: "up to then, likewise; a day to its end" },
    { ...scopeOption, doc: "of one only: global, this project's or this shell's" },
  ],
  examples: [
    { command: "tta-persona history", doc: "the latest 20" },
    { command: "tta-persona history --since 1d", doc: "everything since yesterday" },
    {
      command: "tta-persona history --persona testing --since 2026-11-01 --until 2026-11-30",
      doc: "a month of one persona",
    },
  ],
  exitCodes: {},
  json: "tta-persona/history/1",
  run(invocation, ctx) {
    const { state } = currentLedger(ctx);
    const query = queryOf(invocation, state, ctx);
    const entries = readHistory(ctx.home, state, query);
    const document: HistoryJson = { schema: "tta-persona/history/1", entries: entries.map(entryJson) };
    const { limit: _, scope: __, ...filters } = query;
    const nothing =
      Object.keys(filters).length === 0
        ? "Nothing has happened yet.\n"
        : query.since !== undefined && Object.keys(filters).length === 1
          ? "Nothing has happened since then.\n"
          : "Nothing of that kind has happened.\n";
    const text = entries.map((entry) => entryText(entry, ctx)).join("");
    ctx.output.answer(document, text === "" ? nothing : text);
    return ExitCode.done;
  },
};

function queryOf(invocation: Invocation, { session }: LedgerState, ctx: CliContext): HistoryQuery {
  const now = ctx.clock.now();
  const since = optionMoment(invocation, "since", now);
  const until = optionMoment(invocation, "until", now);
  const persona = optionText(invocation, "persona");
  const chatmode = optionText(invocation, "chatmode");
  const scope =
    optionText(invocation, "scope") === undefined
      ? undefined
      : scopeTarget(invocation, readStanding(ctx, session), ctx).scope;
  return {
    limit: optionLimit(invocation) ?? (since === undefined ? DEFAULT_LIMIT : Number.POSITIVE_INFINITY),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(persona === undefined ? {} : { persona: meantPersona(persona, ctx) }),
    ...(chatmode === undefined ? {} : { chatmode }),
    ...(scope === undefined ? {} : { scope }),
  };
}

/** As for a switch; one that is not here any more has a history all the same. */
function meantPersona(input: string, ctx: CliContext): string {
  const resolution = resolveInCatalogue(input, loadCatalogue(personaPlaces(ctx)));
  return resolution.kind === "unknown" ? plainName(input) : findPersona(input, ctx).name;
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
  if (entry.kind === "ended") return `${time}  ${printable(entry.from)}${mode} ended${paint.dim(after)}\n`;
  const left = `${printable(entry.from)}${chatmodeSuffix(entry.fromChatmode ?? DEFAULT_CHATMODE)}`;
  const from = entry.from === NO_PERSONA ? "" : paint.dim(` from ${left}${after}`);
  return `${time}  ${paint.bold(printable(entry.to))}${mode}${from}\n`;
}

/** Of another shell than this one, which. */
function whereText(scope: string, { env }: CliContext): string {
  if (scope.startsWith("shell:") && scope !== shellScope(env))
    return ` in ${printable(scope.replace(":", " "))}`;
  return scope.startsWith("project:") ? ` in ${printable(scope.replace(":", " "))}` : placeText(scope);
}
