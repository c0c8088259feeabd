import { ExitCode } from "../../core/errors.ts";
import type { Persona } from "../../persona/persona.ts";
import { budgetText, numberText } from "../budget-text.ts";
import type { Command } from "../command.ts";
import type { CliContext } from "../context.ts";
import { findPersona } from "../find-persona.ts";
import type { ShowJson } from "../json-shapes.ts";
import { keptVariables } from "../persona-for-stage.ts";
import { personaInForce, tryPersonaInForce } from "../persona-in-force.ts";
import { printable, table } from "../printable.ts";
import { noPersona } from "../session-view.ts";
import { originText } from "./list.ts";

export const command: Command = {
  name: "show",
  summary: "Show all that a persona's definition says, and where it comes from",
  arguments: [
    { name: "persona", doc: "its name; the active one by default", optional: true, complete: "personas" },
  ],
  examples: [
    { command: "tta-persona show", doc: "the active persona" },
    { command: "tta-persona show devops", doc: "another one" },
  ],
  exitCodes: { 3: "no name was given, and no persona is active" },
  json: "tta-persona/show/1",
  async run({ args: [input] }, ctx) {
    const inForce = await (input === undefined ? personaInForce(ctx) : tryPersonaInForce(ctx));
    const active = inForce?.persona;
    const wanted = input ?? active;
    if (wanted === undefined) throw noPersona();
    const persona = findPersona(wanted, ctx);
    const document: ShowJson = {
      schema: "tta-persona/show/1",
      ...pickFields(persona),
      active: persona.name === active,
    };
    ctx.output.answer(document, showText(persona, ctx));
    return ExitCode.done;
  },
};

/** Field by field, so that what a later version keeps in a persona does not slip into the contract. */
function pickFields(persona: Persona): Omit<ShowJson, "schema" | "active"> {
  const { name, displayName, icon, origin } = persona;
  const { description, tokenBudget, budget, capture, allowedServers, allowedTools } = persona;
  const { restrictedPaths, context, security, workflows } = persona;
  return {
    name,
    displayName,
    icon,
    origin,
    description,
    tokenBudget,
    budget,
    capture,
    allowedServers,
    allowedTools,
    restrictedPaths,
    context,
    security,
    workflows,
  };
}

function showText(persona: Persona, { paint }: CliContext): string {
  const { name, displayName, icon, description, context, security, workflows, budget, capture } = persona;
  const rows: [string, string | undefined][] = [
    ["from", originText(persona.origin)],
    [
      "prompt-size hint",
      persona.tokenBudget === undefined ? undefined : `${numberText(persona.tokenBudget)} tokens`,
    ],
    ["budget", budget === undefined ? undefined : budgetText(budget)],
    ["keeps of model calls", capture],
    ["MCP servers", join(persona.allowedServers)],
    ...Object.entries(persona.allowedTools ?? {}).map(([server, tools]): [string, string | undefined] => [
      `tools of ${printable(server)}`,
      join(tools),
    ]),
    ["restricted paths", join(persona.restrictedPaths)],
    ["language", context?.primaryLanguage],
    ["frameworks", join(context?.frameworks)],
    ["focus", join(context?.focusAreas)],
    ["key files", join(context?.keyFiles)],
    ["may read variables", join(security?.allowEnvironmentAccess)],
    ["  of these", keptVariables(persona)],
    ["blocked variables", join(security?.blockList)],
    ["asks before", join(security?.requireApprovalFor)],
    ["default workflow", workflows?.default],
    ["workflows", join(workflows?.available)],
  ];
  const shown = rows.flatMap(([label, value]) => (value === undefined ? [] : [[`  ${label}`, value]]));
  const about = description === undefined ? "" : `${description.trimEnd()}\n`;
  return `${icon} ${paint.bold(displayName)} (${name})\n${about}\n${table(shown)}`;
}

function join(words: readonly string[] | undefined): string | undefined {
  return words === undefined || words.length === 0 ? undefined : words.join(", ");
}
