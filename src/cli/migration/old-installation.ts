import fs from "node:fs";
import { namedPersonas } from "../../apply/persona-argument.ts";
import { type Environment, envValue } from "../../core/environment.ts";
import { namesIn } from "../../core/filesystem.ts";
import { projectDirectories, projectFolders } from "../../core/project-directories.ts";

/** What the bash script of the same name, and Hypertool, have left on this machine. */
export interface OldInstallation {
  readonly scripts: readonly OldScript[];
  /** `~/.config/mcp/mcp_settings.json` where it names a persona. */
  readonly settings: OldSettings | undefined;
  /** `.hypertool/personas` of the project, and how many definitions lie there. */
  readonly personas: { readonly directory: string; readonly count: number } | undefined;
}

export interface OldScript {
  readonly file: string;
  /** It stands before this program in PATH, so that its name calls the script. */
  readonly shadows: boolean;
}

export interface OldSettings {
  readonly file: string;
  /** As it stands there, by server; one that names none is left out. */
  readonly personas: readonly string[];
}

export interface OldPlaces {
  readonly env: Environment;
  readonly cwd: string;
  /** The user's own directory of personas. */
  readonly userDir: string;
  /** Of servers that are Hypertool's, whatever they are started with. */
  readonly serverNames: readonly string[];
}

/** Looks, and changes nothing. What cannot be read is not there. */
export function findOldInstallation({ env, cwd, userDir, serverNames }: OldPlaces): OldInstallation {
  const userHome = envValue(env, "HOME");
  return {
    scripts: findScripts(env, userHome),
    settings:
      userHome === undefined
        ? undefined
        : findSettings(`${userHome}/.config/mcp/mcp_settings.json`, serverNames),
    personas: findPersonas(cwd, userDir),
  };
}

const NAME = "tta-persona";

/** Beside PATH: where its instructions had it put. */
const KNOWN_PLACES = ["bin", ".local/bin", "scripts"];

function findScripts(env: Environment, userHome: string | undefined): readonly OldScript[] {
  const inPath = (envValue(env, "PATH") ?? "").split(":").filter((directory) => directory.startsWith("/"));
  const known = userHome === undefined ? [] : KNOWN_PLACES.map((place) => `${userHome}/${place}`);
  const found = new Map<string, OldScript>();
  let isOursBefore = false;
  for (const directory of inPath) {
    const file = `${directory}/${NAME}`;
    if (isOldScript(file)) add(found, { file, shadows: !isOursBefore });
    else if (fs.existsSync(file)) isOursBefore = true;
  }
  for (const directory of [...known, "/usr/local/bin"]) {
    const file = `${directory}/${NAME}`;
    if (isOldScript(file)) add(found, { file, shadows: false });
  }
  return [...found.values()];
}

function add(found: Map<string, OldScript>, script: OldScript): void {
  if (!found.has(script.file)) found.set(script.file, script);
}

const SCRIPT_BYTES = 16_384;

/** A shell script that changes a persona's argument. */
function isOldScript(file: string): boolean {
  try {
    if (!fs.statSync(file).isFile()) return false;
    const fd = fs.openSync(file, "r");
    try {
      const bytes = Buffer.alloc(SCRIPT_BYTES);
      const text = bytes.toString("utf8", 0, fs.readSync(fd, bytes, 0, SCRIPT_BYTES, 0));
      return /^#!.*\b(?:ba|da|z|k)?sh\b/.test(text) && /mcp_settings|--persona/.test(text);
    } finally {
      fs.closeSync(fd);
    }
  } catch {
    return false;
  }
}

function findSettings(file: string, serverNames: readonly string[]): OldSettings | undefined {
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
  const personas = namedPersonas(text, "mcpServers", serverNames);
  return personas.length === 0 ? undefined : { file, personas };
}

function findPersonas(cwd: string, userDir: string): OldInstallation["personas"] {
  const [directory] = projectDirectories(projectFolders(cwd, [".hypertool"]), "personas", userDir);
  if (directory === undefined) return undefined;
  return {
    directory,
    count: namesIn(directory).filter((name) => /^[^.].*\.(?:json|ya?ml)$/.test(name)).length,
  };
}
