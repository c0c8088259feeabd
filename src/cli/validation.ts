import fs from "node:fs";
import path from "node:path";
import { checkSettingsFile, type SettingsOwner } from "../config/check-config.ts";
import { compareText, type DefinitionProblem } from "../core/definitions.ts";
import { envValue } from "../core/environment.ts";
import { type Finding, finding } from "../core/finding.ts";
import { builtInHeads } from "../persona/built-in.ts";
import { type Catalogue, loadCatalogue } from "../persona/catalogue.ts";
import { CHATMODE_ENDING } from "../persona/chatmode.ts";
import { readChatmode } from "../persona/chatmode-file.ts";
import { type ChatmodeCatalogue, loadChatmodes } from "../persona/chatmodes.ts";
import { checkChatmodes } from "../persona/check-chatmodes.ts";
import { checkPersona, personaProblem } from "../persona/check-personas.ts";
import { readDefinition } from "../persona/definition.ts";
import { projectRoot } from "../persona/find-chatmodes.ts";
import { configuredServers } from "../persona/mcp-servers.ts";
import { formatOf, type PersonaPlaces, personaDirectories } from "../persona/places.ts";
import { loadWorkflows } from "../workflow/catalogue.ts";
import {
  checkPersonas,
  checkPromptFiles,
  checkScripts,
  type LocatedWorkflow,
  readWorkflow,
} from "../workflow/definition-file.ts";
import { type CliContext, projectSettingsFile } from "./context.ts";
import { personaPlaces } from "./find-persona.ts";
import { workflowPlaces } from "./find-workflow.ts";

export type Kind = "persona" | "chatmode" | "workflow" | "settings";

export interface Validation {
  /** How many of each kind were looked at, the broken ones included. */
  readonly checked: Readonly<Record<Kind, number>>;
  /** By file and place. */
  readonly findings: readonly Finding[];
}

/** What there is to compare with. */
interface Surroundings {
  readonly catalogue: Catalogue;
  readonly servers: ReadonlySet<string> | undefined;
  readonly workflows: readonly string[];
  readonly chatmodes: ChatmodeCatalogue;
}

/** Everything that a directory sees: definitions of the project, the user and the program, and the settings. */
export function validateAll(ctx: CliContext, cwd: string, kinds: readonly Kind[]): Validation {
  const places = { ...personaPlaces(ctx), cwd };
  const catalogue = loadCatalogue(places);
  const flows = loadWorkflows({ ...workflowPlaces(ctx), cwd });
  const around: Surroundings = {
    catalogue,
    chatmodes: loadChatmodes(cwd),
    servers: serversOf(ctx, cwd),
    workflows: [...flows.entries.map(({ workflow }) => workflow.name), ...flows.broken.keys()],
  };
  const { chatmodes } = around;
  const settings = [ctx.home.configFile, projectSettingsFile(cwd)]
    .filter((file) => file !== undefined && fs.existsSync(file))
    .map((file = "") => ({ file, owner: ownerOf(file, ctx) }));
  const found: Readonly<Record<Kind, () => readonly Finding[]>> = {
    persona: () => [
      ...catalogue.problems.map(personaProblem),
      ...catalogue.personas.flatMap((persona) => checkPersona(persona, around.servers, around.workflows)),
    ],
    chatmode: () => [
      ...chatmodes.findings,
      ...checkChatmodes(chatmodes.chatmodes, catalogue, around.servers),
    ],
    workflow: () => [
      ...flows.problems.map(workflowProblem),
      ...flows.entries.flatMap((entry) => checkWorkflow(entry, catalogue)),
    ],
    settings: () => settings.flatMap(({ file, owner }) => checkSettingsFile(file, owner).findings),
  };
  const files = (problems: readonly { readonly file: string }[]) => new Set(problems.map(({ file }) => file));
  const counts: Readonly<Record<Kind, number>> = {
    persona: builtInHeads.length + countPersonaFiles(places),
    chatmode: chatmodes.chatmodes.length + brokenChatmodes(chatmodes, files),
    workflow: flows.entries.length + files(flows.problems).size,
    settings: settings.length,
  };
  const count = (kind: Kind) => (kinds.includes(kind) ? counts[kind] : 0);
  return {
    checked: {
      persona: count("persona"),
      chatmode: count("chatmode"),
      workflow: count("workflow"),
      settings: count("settings"),
    },
    findings: sorted(kinds.flatMap((kind) => found[kind]())),
  };
}

/** Those that others go before and those that clash are looked at too. */
function countPersonaFiles(places: PersonaPlaces): number {
  const counts = personaDirectories(places).map(({ path: directory }) => {
    try {
      return fs.readdirSync(directory).filter((name) => formatOf(name) !== undefined).length;
    } catch {
      return 0;
    }
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

function brokenChatmodes(
  { chatmodes, findings }: ChatmodeCatalogue,
  files: (problems: readonly Finding[]) => ReadonlySet<string>,
): number {
  const good = new Set(chatmodes.map(({ file }) => file));
  return [...files(findings)].filter((file) => file.endsWith(CHATMODE_ENDING) && !good.has(file)).length;
}

/** One file, of the kind that its place, its name or what is in it tells. */
export function validateFile(ctx: CliContext, file: string): Validation {
  const kind = kindOf(file, ctx.home.configFile);
  const none = { persona: 0, chatmode: 0, workflow: 0, settings: 0 };
  if (kind === undefined) {
    const isThere = fs.existsSync(file);
    const hint = isThere
      ? "Chatmodes end in .chatmode.md; personas and workflows are JSON or YAML."
      : "Check how it is spelt.";
    const message = isThere ? "is neither persona, chatmode, workflow nor settings" : "does not exist";
    return { checked: none, findings: [finding("unknown-kind", { file }, message, hint)] };
  }
  const checked = { ...none, [kind]: 1 };
  const cwd = path.dirname(file);
  const catalogue = loadCatalogue({ ...personaPlaces(ctx), cwd });
  switch (kind) {
    case "settings":
      return { checked, findings: sorted(checkSettingsFile(file, ownerOf(file, ctx)).findings) };
    case "chatmode": {
      const read = readChatmode(file);
      if (!read.ok) return { checked, findings: read.error };
      // Whether another one goes before it, its own project says.
      const inProject = loadChatmodes(cwd).chatmodes.find((one) => one.file === file);
      const entry = inProject ?? { ...read.value, isAbove: true, shadowedBy: undefined };
      return { checked, findings: sorted(checkChatmodes([entry], catalogue, serversOf(ctx, cwd))) };
    }
    case "persona": {
      const format = formatOf(path.basename(file)) ?? "json";
      const read = readDefinition({ file, format, kind: "project" });
      if (!read.ok) return { checked, findings: read.error.map(personaProblem) };
      const flows = loadWorkflows({ ...workflowPlaces(ctx), cwd });
      const names = flows.entries.map(({ workflow }) => workflow.name);
      const clash = catalogue.problems.filter(
        (problem) => problem.code === "name-clash" && problem.names.includes(read.value.name),
      );
      const odd = checkPersona(read.value, serversOf(ctx, cwd), [...names, ...flows.broken.keys()]);
      return { checked, findings: sorted([...clash.map(personaProblem), ...odd]) };
    }
    case "workflow": {
      const read = readWorkflow({ kind: "project", file });
      const findings = read.ok ? checkWorkflow(read.value, catalogue) : read.error.map(workflowProblem);
      return { checked, findings: sorted(findings) };
    }
  }
}

function kindOf(file: string, configFile: string): Kind | undefined {
  if (file === configFile || file.endsWith("/.tta-persona/settings.yaml")) return "settings";
  if (file.endsWith(CHATMODE_ENDING)) return "chatmode";
  if (formatOf(path.basename(file)) === undefined) return undefined;
  const folder = path.basename(path.dirname(file));
  if (folder === "workflows") return "workflow";
  if (folder === "personas" || file.endsWith(".json")) return "persona";
  return /^stages\s*:/m.test(textOf(file)) ? "workflow" : "persona";
}

function ownerOf(file: string, ctx: CliContext): SettingsOwner {
  return file === ctx.home.configFile ? "user" : "project";
}

function textOf(file: string): string {
  try {
    return fs.statSync(file).size > 1_048_576 ? "" : fs.readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function serversOf(ctx: CliContext, cwd: string): ReadonlySet<string> | undefined {
  return configuredServers([cwd, projectRoot(cwd)], envValue(ctx.env, "HOME"));
}

function checkWorkflow(located: LocatedWorkflow, { personas }: Catalogue): readonly Finding[] {
  const known = personas.map(({ name }) => name);
  return [...checkPersonas(located, known), ...checkScripts(located), ...checkPromptFiles(located)].map(
    workflowProblem,
  );
}

function workflowProblem(problem: DefinitionProblem): Finding {
  const { code } = problem;
  const own = code === "dangling-link" || code === "unreadable" ? code : "workflow-invalid";
  return finding(own, problem, problem.message, problem.hint);
}

function sorted(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted(
    (a, b) =>
      compareText(a.file, b.file) ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0) ||
      compareText(a.code, b.code),
  );
}
