import { type Finding, finding } from "../core/finding.ts";
import { type Catalogue, resolveInCatalogue } from "./catalogue.ts";
import type { Located } from "./chatmode.ts";
import type { ChatmodeEntry } from "./chatmodes.ts";
import { plainName, SHORT_NAMES } from "./names.ts";
import type { Persona } from "./persona.ts";

/** The persona that a chatmode means; a prefix that is enough on the command line is not in a file. */
export function personaOfChatmode(written: string, catalogue: Catalogue): Persona | undefined {
  const resolution = resolveInCatalogue(written, catalogue);
  if (resolution.kind !== "found") return undefined;
  const wanted = plainName(written.toLowerCase());
  const { name } = resolution.persona;
  return name === wanted || name === SHORT_NAMES.get(wanted) ? resolution.persona : undefined;
}

/**
 * What is wrong with chatmodes that could be read.
 *
 * @param servers those that MCP clients are configured with; undefined: there is no configuration to compare with
 */
export function checkChatmodes(
  chatmodes: readonly ChatmodeEntry[],
  catalogue: Catalogue,
  servers: ReadonlySet<string> | undefined,
): readonly Finding[] {
  return chatmodes.flatMap((chatmode) => [
    ...checkClash(chatmode),
    ...checkDeclaration(chatmode, catalogue),
    ...(chatmode.declares?.allowedServers ?? []).flatMap((server) =>
      checkServer({ file: chatmode.file, ...server }, server.value, servers),
    ),
  ]);
}

function checkClash({ file, name, shadowedBy }: ChatmodeEntry): readonly Finding[] {
  if (shadowedBy === undefined) return [];
  const message = `${shadowedBy} is a chatmode ${name} too, and goes before this one`;
  return [finding("chatmode-name-clash", { file }, message, "Rename one of them, or remove it.")];
}

function checkDeclaration({ file, declares }: ChatmodeEntry, catalogue: Catalogue): readonly Finding[] {
  const hint = "Begin the file with ---, hypertool_persona: <name> and --- again.";
  if (declares === undefined)
    return [finding("chatmode-no-frontmatter", { file }, "has no frontmatter", hint)];
  const { persona, misspelt } = declares;
  const odd = misspelt.map((key) =>
    finding(
      "chatmode-unknown-key",
      { file, ...key },
      `${key.value} is no key of a chatmode`,
      `Did you mean ${key.meant}?`,
    ),
  );
  if (persona === undefined) {
    // A misspelt key says it already.
    if (misspelt.some(({ meant }) => meant.endsWith("persona"))) return odd;
    return [
      ...odd,
      finding("chatmode-no-persona", { file, line: 1 }, "names no persona", "Add hypertool_persona: <name>."),
    ];
  }
  return [...odd, ...checkPersona(file, persona, declares.tokenBudget, catalogue)];
}

function checkPersona(
  file: string,
  persona: Located<string>,
  budget: Located<number> | undefined,
  catalogue: Catalogue,
): readonly Finding[] {
  const known = personaOfChatmode(persona.value, catalogue);
  if (known === undefined) {
    return [
      finding(
        "chatmode-unknown-persona",
        { file, ...persona },
        `there is no persona ${plainName(persona.value)}`,
        suggestion(persona.value, catalogue),
      ),
    ];
  }
  if (budget === undefined || known.tokenBudget === undefined || known.tokenBudget === budget.value)
    return [];
  const message = `persona_token_budget is ${budget.value}, but that of ${known.name} is ${known.tokenBudget}`;
  return [
    finding(
      "chatmode-budget-drift",
      { file, ...budget },
      message,
      `Write ${known.tokenBudget}, or remove it.`,
    ),
  ];
}

function suggestion(written: string, catalogue: Catalogue): string {
  const resolution = resolveInCatalogue(written, catalogue);
  const see = "See: tta-persona list";
  switch (resolution.kind) {
    case "found":
      return `Write the whole name: ${resolution.persona.name}.`;
    case "ambiguous":
      return `Did you mean ${resolution.candidates.join(" or ")}?`;
    case "broken":
      return "Its own definition is broken; correct that first.";
    case "unknown":
      return resolution.suggestions.length === 0
        ? see
        : `Did you mean ${resolution.suggestions.join(" or ")}? ${see}`;
  }
}

/** @param at of the place that names the server */
export function checkServer(
  at: { readonly file: string; readonly line?: number; readonly column?: number },
  server: string,
  servers: ReadonlySet<string> | undefined,
): readonly Finding[] {
  if (servers === undefined || servers.has(server)) return [];
  const message = `no MCP client here is configured with a server ${server}`;
  const known = [...servers].join(", ");
  const hint = `Known: ${known === "" ? "none" : known}. Configure it, or remove it from the list.`;
  return [finding("unknown-server", at, message, hint)];
}
