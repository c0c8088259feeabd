import { ExitCode } from "../../core/errors.ts";
import { type Catalogue, loadCatalogue } from "../../persona/catalogue.ts";
import type { Chatmode } from "../../persona/chatmode.ts";
import { type ChatmodeEntry, loadChatmodes } from "../../persona/chatmodes.ts";
import { personaOfChatmode } from "../../persona/check-chatmodes.ts";
import { numberText } from "../budget-text.ts";
import { findChatmode } from "../chatmode.ts";
import type { Command } from "../command.ts";
import type { CliContext } from "../context.ts";
import type { ChatmodeListJson, ChatmodeShowJson } from "../definition-shapes.ts";
import { personaPlaces, problemLine } from "../find-persona.ts";
import { printable, table } from "../printable.ts";
import { validateAll } from "../validation.ts";
import { reportValidation } from "../validation-report.ts";

const list: Command = {
  name: "list",
  summary: "List the chatmodes of this project, and the personas that they name",
  description:
    "They are the *.chatmode.md files of .tta/chatmodes, .github/chatmodes and .augment/chatmodes, those of nested " +
    "packages included. What git ignores, .git and node_modules are not searched.",
  examples: [
    { command: "tta-persona chatmode list", doc: "the chatmodes of this project" },
    { command: "tta-persona chatmode list --json | jq -r '.chatmodes[].name'", doc: "their names" },
  ],
  exitCodes: { 0: "done, also when some files are broken" },
  json: "tta-persona/chatmode-list/1",
  run: (_, ctx) => listChatmodes(ctx),
};

const show: Command = {
  name: "show",
  summary: "Show what a chatmode's file declares",
  arguments: [{ name: "chatmode", doc: "its name", complete: "chatmodes" }],
  examples: [{ command: "tta-persona chatmode show backend-developer", doc: "before switching to it" }],
  exitCodes: {},
  json: "tta-persona/chatmode-show/1",
  run({ args: [name = ""] }, ctx) {
    const chatmodes = loadChatmodes(ctx.cwd());
    const { file } = findChatmode(name, ctx, chatmodes);
    const entry = chatmodes.chatmodes.find((one) => one.file === file);
    if (entry === undefined) throw new Error("a chatmode that was found is among those that there are");
    const document = showJson(entry, loadCatalogue(personaPlaces(ctx)));
    ctx.output.answer(document, showText(document, ctx));
    return ExitCode.done;
  },
};

const validate: Command = {
  name: "validate",
  summary: "Check the chatmodes of this project",
  description: "As `tta-persona validate`, which checks everything else as well.",
  options: [{ flags: "--strict", doc: "let warnings fail too" }],
  examples: [{ command: "tta-persona chatmode validate", doc: "all of them, such as in CI" }],
  exitCodes: { 0: "there are no errors", 1: "there are errors; with --strict, or warnings" },
  json: "tta-persona/chatmode-validate/1",
  run({ options }, ctx) {
    const found = validateAll(ctx, ctx.cwd(), ["chatmode"]);
    return reportValidation("tta-persona/chatmode-validate/1", found, options.strict === true, ctx);
  },
};

export const command: Command = {
  name: "chatmode",
  summary: "List, show and check chatmodes",
  description: "Alone it lists them.",
  examples: list.examples,
  exitCodes: list.exitCodes,
  json: "tta-persona/chatmode-list/1",
  subcommands: [list, show, validate],
  run: (_, ctx) => listChatmodes(ctx),
};

function listChatmodes(ctx: CliContext): number {
  const { chatmodes, findings } = loadChatmodes(ctx.cwd());
  const catalogue = loadCatalogue(personaPlaces(ctx));
  const document: ChatmodeListJson = {
    schema: "tta-persona/chatmode-list/1",
    chatmodes: chatmodes.map((entry) => headJson(entry, catalogue)),
    findings: [...findings],
  };
  const rows = document.chatmodes.map((head) => [
    printable(head.name),
    personaText(head),
    `${printable(relativeTo(ctx.cwd(), head.file))}${head.shadowedBy === null ? "" : "  (another goes before it)"}`,
  ]);
  ctx.output.answer(document, table(rows));
  if (rows.length === 0) ctx.output.note("there are no chatmodes in this project");
  for (const one of findings) ctx.output.note(`${problemLine(one)}. ${one.hint}`);
  return ExitCode.done;
}

function headJson(entry: ChatmodeEntry, catalogue: Catalogue): ChatmodeListJson["chatmodes"][number] {
  const { name, file, declares, shadowedBy } = entry;
  const stated = declares?.persona?.value;
  return {
    name,
    file,
    persona: (stated === undefined ? undefined : personaOfChatmode(stated, catalogue)?.name) ?? null,
    statedPersona: stated ?? null,
    tokenBudget: declares?.tokenBudget?.value ?? null,
    hasFrontmatter: declares !== undefined,
    shadowedBy: shadowedBy ?? null,
  };
}

function personaText({
  persona,
  statedPersona,
  hasFrontmatter,
}: ChatmodeListJson["chatmodes"][number]): string {
  if (persona !== null) return persona;
  if (statedPersona !== null) return `? ${printable(statedPersona)}, which there is not`;
  return hasFrontmatter ? "- names no persona" : "- no frontmatter";
}

function showJson(entry: ChatmodeEntry, catalogue: Catalogue): ChatmodeShowJson {
  const { description, mode, model, tools, viaHypertool, restrictedPaths, allowedServers } =
    entry.declares ?? ({} as Partial<NonNullable<Chatmode["declares"]>>);
  return {
    schema: "tta-persona/chatmode-show/1",
    ...headJson(entry, catalogue),
    description: description ?? null,
    mode: mode ?? null,
    model: model ?? null,
    tools: tools === undefined ? null : [...tools],
    toolsViaHypertool: viaHypertool ?? null,
    restrictedPaths: restrictedPaths === undefined ? null : [...restrictedPaths],
    allowedServers: allowedServers?.map(({ value }) => value) ?? null,
  };
}

function showText(document: ChatmodeShowJson, { paint }: CliContext): string {
  const rows: readonly (readonly [string, string | null])[] = [
    ["from", document.file],
    ["persona", personaText(document)],
    ["prompt-size hint", document.tokenBudget === null ? null : `${numberText(document.tokenBudget)} tokens`],
    ["MCP servers", document.allowedServers?.join(", ") ?? null],
    ["restricted paths", document.restrictedPaths?.join(", ") ?? null],
    ["mode", document.mode],
    ["model", document.model],
    ["tools", document.tools?.join(", ") ?? null],
    ["goes after", document.shadowedBy],
  ];
  const shown = rows.flatMap(([label, value]) => (value === null ? [] : [[`  ${label}`, printable(value)]]));
  const about = document.description === null ? "" : `${printable(document.description.trim())}\n`;
  return `${paint.bold(printable(document.name))}\n${about}\n${table(shown)}`;
}

function relativeTo(cwd: string, file: string): string {
  return file.startsWith(`${cwd}/`) ? file.slice(cwd.length + 1) : file;
}
