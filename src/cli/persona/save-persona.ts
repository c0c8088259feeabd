import fs from "node:fs";
import path from "node:path";
import { ExitCode, errorCode, UserError } from "../../core/errors.ts";
import { ensureDirectory } from "../../core/home.ts";
import { createFile, overwriteFile } from "../../core/write-file.ts";
import { loadCatalogue } from "../../persona/catalogue.ts";
import { readDefinition } from "../../persona/definition.ts";
import { plainName } from "../../persona/names.ts";
import { checkDefinition, definitionText } from "../../persona/new-definition.ts";
import type { Persona, PersonaOrigin } from "../../persona/persona.ts";
import { formatOf, personaDirectories } from "../../persona/places.ts";
import type { PersonaFile } from "../../persona/schema.ts";
import type { CliContext } from "../context.ts";
import { personaPlaces } from "../find-persona.ts";
import { quote } from "../printable.ts";

export type Destination = "project" | "user";

/** A new definition, and where it would go. */
export interface PlannedPersona {
  readonly definition: PersonaFile;
  readonly name: string;
  readonly file: string;
  readonly destination: Destination;
  /** There is a file already, which `--force` lets be replaced. */
  readonly replaces: boolean;
  /** The definition of that name that it takes the place of. */
  readonly shadows: PersonaOrigin | undefined;
}

/** @throws UserError `invalid-destination`. */
export function destinationOf(text: string | undefined): Destination {
  if (text === undefined || text === "project" || text === "user") return text ?? "project";
  throw new UserError({
    reason: "invalid-destination",
    message: `--to cannot be ${quote(text)}.`,
    hint: "It takes project or user.",
  });
}

/** @throws UserError when the definition is not valid, or when something is there already and may not be replaced. */
export function planPersona(
  value: unknown,
  destination: Destination,
  isForced: boolean,
  ctx: CliContext,
): PlannedPersona {
  const definition = checkDefinition(value);
  if (!definition.ok) {
    throw new UserError({
      reason: "invalid-persona",
      message: `That would not be a valid persona: ${definition.error}.`,
      hint: "Give another value, such as another --name. Names are kebab-case.",
    });
  }
  const name = plainName(definition.value.name);
  const directory = directoryFor(destination, ctx);
  const same = definedIn(directory, name);
  const file = same ?? `${directory}/${name}.json`;
  const replaces = same !== undefined || isThere(file);
  if (replaces && !isForced) {
    throw new UserError({
      reason: "persona-exists",
      message: `${file} is there already.`,
      hint: "Choose another name, or let it be replaced with --force.",
    });
  }
  if (replaces && formatOf(path.basename(file)) !== "json") {
    throw new UserError({
      reason: "persona-exists",
      message: `${file} defines ${name} already, in YAML.`,
      hint: "Remove it first; a new one is written as JSON.",
    });
  }
  const before = loadCatalogue(personaPlaces(ctx)).personas.find((persona) => persona.name === name)?.origin;
  const shadows = before !== undefined && "file" in before && before.file === file ? undefined : before;
  return { definition: definition.value, name, file, destination, replaces, shadows };
}

/** Writes it, and reads it back as every other command will. @throws the system's error, or UserError. */
export function savePersona({ definition, file, replaces, destination }: PlannedPersona): Persona {
  const text = definitionText(definition);
  // The user's own are private; what belongs to a project is as open as its other files.
  const isPrivate = destination === "user";
  if (isPrivate) ensureDirectory(path.dirname(file));
  else fs.mkdirSync(path.dirname(file), { recursive: true });
  try {
    if (replaces) overwriteFile(file, text);
    else createFile(file, text, isPrivate ? 0o600 : 0o666);
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    // Made by somebody else since it was looked for.
    throw new UserError({
      reason: "persona-exists",
      message: `${file} is there already.`,
      hint: "Look at it, then run the command again.",
    });
  }
  const read = readDefinition({ file, format: "json", kind: "project" });
  if (read.ok) return read.value;
  throw new UserError(
    {
      reason: "not-as-written",
      message: `${file} does not read back as it was written.`,
      hint: "Try again.",
    },
    ExitCode.failed,
  );
}

/** The folder that counts here already, so that a new one nearer by does not hide what is in it. */
function directoryFor(destination: Destination, ctx: CliContext): string {
  if (destination === "user") return ctx.home.personas;
  const places = personaPlaces(ctx);
  const [project] = personaDirectories(places).filter(({ kind }) => kind === "project");
  return project?.path ?? path.join(places.cwd, ".tta-persona/personas");
}

/** The file of a folder that defines a persona already, whatever it is called. */
function definedIn(directory: string, name: string): string | undefined {
  let fileNames: readonly string[];
  try {
    fileNames = fs.readdirSync(directory);
  } catch {
    return undefined;
  }
  return fileNames
    .map((fileName) => ({ file: `${directory}/${fileName}`, format: formatOf(fileName) }))
    .find(({ file, format }) => {
      if (format === undefined) return false;
      const read = readDefinition({ file, format, kind: "project" });
      return read.ok ? read.value.name === name : read.error[0].names.includes(name);
    })?.file;
}

function isThere(file: string): boolean {
  return fs.lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}
