import { ExitCode } from "../../core/errors.ts";
import { loadCatalogue } from "../../persona/catalogue.ts";
import type { PersonaOrigin } from "../../persona/persona.ts";
import type { Command } from "../command.ts";
import { personaPlaces, problemLine } from "../find-persona.ts";
import type { ListJson } from "../json-shapes.ts";
import { tryPersonaInForce } from "../persona-in-force.ts";
import { printable } from "../printable.ts";

export const command: Command = {
  name: "list",
  summary: "List the personas; * marks the active one",
  description:
    "The project's definitions (.tta-persona/personas, .hypertool/personas) go before the user's, " +
    "and those before the built-in ones.",
  examples: [
    { command: "tta-persona list", doc: "the personas that this directory sees" },
    { command: "tta-persona list --json | jq -r '.personas[].name'", doc: "their names" },
  ],
  exitCodes: { 0: "done, also when some definitions are broken" },
  json: "tta-persona/list/1",
  async run(_, ctx) {
    const { personas, problems } = loadCatalogue(personaPlaces(ctx));
    // What is broken about it is for `current` to tell: here is where one looks for another.
    const active = (await tryPersonaInForce(ctx))?.persona;
    const document: ListJson = {
      schema: "tta-persona/list/1",
      personas: personas.map(({ name, displayName, icon, origin }) => ({
        name,
        displayName,
        icon,
        active: name === active,
        origin,
      })),
      problems: problems.map(({ names: _names, ...problem }) => problem),
    };
    const width = Math.max(...personas.map(({ name }) => name.length));
    const lines = document.personas.map(({ name, displayName, icon, origin, active }) => {
      const marked = active ? ctx.paint.green(ctx.paint.bold(name)) : name;
      const from =
        origin.kind === "built-in" ? "" : `  ${ctx.paint.dim(originText(origin as PersonaOrigin))}`;
      return `${active ? "*" : " "} ${marked}${" ".repeat(width - name.length)}  ${icon} ${displayName}${from}\n`;
    });
    ctx.output.answer(document, lines.join(""));
    for (const problem of problems) ctx.output.note(`${problemLine(problem)}. ${problem.hint}`);
    return ExitCode.done;
  },
};

export function originText(origin: PersonaOrigin): string {
  return origin.kind === "built-in" ? "built-in" : `${origin.kind}: ${printable(origin.file)}`;
}
