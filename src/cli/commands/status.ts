import { formatDuration } from "../../core/duration.ts";
import { ExitCode, UserError } from "../../core/errors.ts";
import { loadCatalogue } from "../../persona/catalogue.ts";
import type { PersonaHead } from "../../persona/persona.ts";
import { chatmodeSuffix, personaLabel } from "../../persona/session-text.ts";
import type { Command } from "../command.ts";
import type { CliContext } from "../context.ts";
import { personaPlaces } from "../find-persona.ts";
import { type PersonaInForce, personaInForce, previousOf, readStanding } from "../persona-in-force.ts";
import type { StatusJson } from "../session-shapes.ts";
import { sessionJson } from "../session-view.ts";

export const command: Command = {
  name: "status",
  summary: "Say which persona is active, and what to do next",
  description: "This is what tta-persona does when it is called with nothing.",
  examples: [{ command: "tta-persona", doc: "the same" }],
  exitCodes: { 0: "done, also when no persona is active" },
  json: "tta-persona/status/1",
  async run(_, ctx) {
    const standing = readStanding(ctx);
    const inForce = await personaInForce(ctx, standing);
    const previous = previousOf(standing);
    const document: StatusJson = {
      schema: "tta-persona/status/1",
      active: inForce === undefined ? null : sessionJson(inForce),
      previous,
    };
    ctx.output.answer(
      document,
      inForce === undefined ? inactiveText(previous, ctx) : activeText(inForce, previous, ctx),
    );
    return ExitCode.done;
  },
};

type Previous = StatusJson["previous"];

function activeText(inForce: PersonaInForce, before: Previous, ctx: CliContext): string {
  const { paint } = ctx;
  const { persona, chatmode, source } = inForce;
  // After an end, what was active before may be what is active again.
  const previous = before?.persona === persona ? null : before;
  const how = [...origins[source], ...durationText(inForce)].join(", ");
  const label = personaLabel(persona, chatmode, findHead(persona, ctx), paint);
  const lines = [how === "" ? label : `${label} ${paint.dim(`(${how})`)}`];
  if (previous !== null) lines.push(`Before: ${previous.persona}${chatmodeSuffix(previous.chatmode)}`);
  lines.push(
    hints(ctx, [
      previous === null
        ? ["tta-persona switch <persona>", "another one"]
        : ["tta-persona switch -", `back to ${previous.persona}`],
      ["tta-persona list", "all personas"],
      ["tta-persona --help", "everything else"],
    ]),
  );
  return lines.join("\n");
}

const origins: Readonly<Record<PersonaInForce["source"], readonly string[]>> = {
  environment: ["by TTA_PERSONA"],
  shell: ["this shell's own"],
  project: ["this project's own"],
  global: [],
};

function durationText({ view }: PersonaInForce): readonly string[] {
  if (view === undefined) return [];
  const duration = formatDuration(view.durationMs);
  return [view.idle ? `idle; its session ended after ${duration}` : `for ${duration}`];
}

/** Only for its icon, so a working directory that is gone is no reason to fail. */
function findHead(persona: string, ctx: CliContext): PersonaHead | undefined {
  try {
    return loadCatalogue(personaPlaces(ctx)).personas.find(({ name }) => name === persona);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function inactiveText(previous: Previous, ctx: CliContext): string {
  if (previous !== null) {
    const last = `${previous.persona}${chatmodeSuffix(previous.chatmode)}`;
    return `No persona is active. The last one was ${last}.\n${hints(ctx, [
      ["tta-persona switch -", `back to ${previous.persona}`],
      ["tta-persona list", "all personas"],
    ])}`;
  }
  return `Welcome to tta-persona ${ctx.version}. No persona is active yet.\n${hints(ctx, [
    ["tta-persona list", "the personas there are"],
    ["tta-persona switch backend-engineer", "begin with one of them"],
    ["tta-persona --help", "everything else"],
  ])}`;
}

function hints({ paint }: CliContext, rows: readonly (readonly [command: string, doc: string])[]): string {
  const width = Math.max(...rows.map(([command]) => command.length));
  return `\n${rows.map(([command, doc]) => `  ${paint.bold(command.padEnd(width))}  ${paint.dim(doc)}\n`).join("")}`;
}
