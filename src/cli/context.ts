import fs from "node:fs";
import { mayHoldSettings } from "../config/holds-settings.ts";
import { type ProjectValues, readSettings, type Settings } from "../config/settings.ts";
import { isTrusted } from "../config/trust.ts";
import type { Clock } from "../core/clock.ts";
import type { Environment } from "../core/environment.ts";
import { errorCode, UserError } from "../core/errors.ts";
import { type Home, resolveHome } from "../core/home.ts";
import { type Paint, plainPaint } from "../core/output.ts";
import { projectDirectories, projectFolders } from "../core/project-directories.ts";
import type { SwitchContext } from "../persona/switch-persona.ts";
import { hasColor, type Output } from "./output.ts";
import type { GlobalFlags } from "./route.ts";

/** What the process hands to the program. Tests and the launcher's short cuts never see it. */
export interface World {
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  readonly clock: Clock;
  readonly version: string;
  /** When the process began, milliseconds since the epoch. */
  readonly startedAt: number;
  /** Where the bundles lie. */
  readonly programDir: string;
  /** @throws the system's error when the directory is gone. */
  readonly currentDirectory: () => string;
  readonly readStdin: () => Promise<string>;
}

/** Everything a command may use of the world around it. */
export interface CliContext extends Omit<World, "argv" | "platform" | "currentDirectory"> {
  readonly home: Home;
  readonly settings: Settings;
  /** A project's settings file that does not apply, since the user has not trusted it. */
  readonly untrustedSettings: string | undefined;
  readonly flags: GlobalFlags;
  readonly output: Output;
  /** Whether colours are wanted on stdout. */
  readonly hasColor: boolean;
  /** For stdout; plain where colours are not wanted. */
  readonly paint: Paint;
  /** The working directory. @throws UserError when it is gone. */
  readonly cwd: () => string;
}

/** @throws UserError when there is no place for a home. */
export async function createContext(world: World, flags: GlobalFlags, output: Output): Promise<CliContext> {
  const { env, clock, version, startedAt, programDir, readStdin } = world;
  const home = resolveHome(env, world.platform);
  if (!home.ok) throw new UserError(home.error);
  const { project, untrusted } = await findProjectSettings(world, home.value);
  const isColored = hasColor(flags, env);
  return {
    env,
    clock,
    version,
    startedAt,
    programDir,
    readStdin,
    home: home.value,
    settings: readSettings(home.value.configFile, env, project),
    untrustedSettings: untrusted,
    flags,
    output,
    hasColor: isColored,
    paint: isColored ? await loadPaint() : plainPaint,
    cwd: () => workingDirectory(world),
  };
}

/** Of the nearest parent that has one. */
export function projectSettingsFile(cwd: string): string | undefined {
  return projectDirectories(projectFolders(cwd, [".tta-persona"]), "settings.yaml", "")[0];
}

/** Those of the nearest parent that has some. A working directory that is gone has none. */
async function findProjectSettings(
  { env, currentDirectory }: World,
  home: Home,
): Promise<{ readonly project?: ProjectValues; readonly untrusted?: string }> {
  let cwd: string;
  try {
    cwd = currentDirectory();
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return {};
  }
  const file = projectSettingsFile(cwd);
  if (file === undefined || !isReadableFile(file) || !mayHoldSettings(file)) return {};
  if (!isTrusted(home, env, file)) return { untrusted: file };
  // The YAML library would double the start of every other command.
  const { readProjectSettings } = await import("../config/project-settings.ts");
  return { project: readProjectSettings(file) };
}

function isReadableFile(path: string): boolean {
  try {
    fs.accessSync(path, fs.constants.R_OK);
    return fs.statSync(path).isFile();
  } catch {
    return false;
  }
}

async function loadPaint(): Promise<Paint> {
  const { Chalk } = await import("chalk");
  return new Chalk({ level: 1 });
}

function workingDirectory(world: World): string {
  try {
    return world.currentDirectory();
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    throw new UserError({
      reason: "working-directory-gone",
      message: "The current directory does not exist any more.",
      hint: "Change to one that does, and run the command again.",
    });
  }
}

/** What switching and ending a session take of it. */
export function switchContext(ctx: CliContext): SwitchContext {
  return {
    home: ctx.home,
    env: ctx.env,
    clock: ctx.clock,
    version: ctx.version,
    startedAt: ctx.startedAt,
    segmentBytes: ctx.settings.segmentBytes,
    idleTimeoutMs: ctx.settings.idleTimeoutMs,
  };
}
