import fs from "node:fs";
import { type Environment, envValue } from "./environment.ts";
import type { Failure } from "./errors.ts";
import { err, ok, type Result } from "./result.ts";

/** Where everything lives. Directories are 0700, files 0600. */
export interface Home {
  readonly configDir: string;
  readonly configFile: string;
  /** The user's own prices of models. */
  readonly prices: string;
  /** The user's own persona definitions. */
  readonly personas: string;
  /** The user's own workflows. */
  readonly workflows: string;
  readonly data: string;
  readonly journal: string;
  readonly blobs: string;
  /** Snapshots, checkpoints, dead letters, and the file that a shell prompt reads. */
  readonly state: string;
  readonly lease: string;
  /** What resuming a run needs; see `workflow/run-store.ts`. */
  readonly runs: string;
  /** Prompts as Langfuse last gave them, for when it cannot be asked. */
  readonly prompts: string;
  /** What experiments on datasets came to, a file per dataset. */
  readonly experiments: string;
  /** What files of agent tools held before a switch was applied to them; see `apply/backups.ts`. */
  readonly backups: string;
}

/**
 * `$TTA_PERSONA_HOME`, else the platform's directories: XDG on Linux
 * (https://specifications.freedesktop.org/basedir-spec/latest/), Application Support on macOS.
 */
export function resolveHome(env: Environment, platform: NodeJS.Platform): Result<Home, Failure> {
  if (platform === "win32") {
    return err({
      reason: "unsupported-platform",
      message: "Windows is not supported yet.",
      hint: "Use WSL, where tta-persona works as on Linux.",
    });
  }
  const own = envValue(env, "TTA_PERSONA_HOME");
  if (own !== undefined) {
    if (!own.startsWith("/")) {
      return err({
        reason: "home-not-absolute",
        message: `TTA_PERSONA_HOME must be an absolute path, not "${own}".`,
        hint: 'Set it to something like "$HOME/.tta-persona".',
      });
    }
    return ok(layout(own, own));
  }
  const user = envValue(env, "HOME");
  if (user === undefined) {
    return err({
      reason: "home-unknown",
      message: "Neither TTA_PERSONA_HOME nor HOME is set, so there is no place for settings and state.",
      hint: "Set TTA_PERSONA_HOME to a directory of your own.",
    });
  }
  if (platform === "darwin") {
    const support = `${user}/Library/Application Support/tta-persona`;
    return ok(layout(support, support));
  }
  const config = absolute(envValue(env, "XDG_CONFIG_HOME")) ?? `${user}/.config`;
  const data = absolute(envValue(env, "XDG_DATA_HOME")) ?? `${user}/.local/share`;
  return ok(layout(`${config}/tta-persona`, `${data}/tta-persona`));
}

/** The specification says: a relative path there is invalid and to be ignored. */
function absolute(path: string | undefined): string | undefined {
  return path?.startsWith("/") ? path : undefined;
}

function layout(configDir: string, data: string): Home {
  return {
    configDir,
    configFile: `${configDir}/config.json`,
    prices: `${configDir}/prices.yaml`,
    personas: `${configDir}/personas`,
    workflows: `${configDir}/workflows`,
    data,
    journal: `${data}/journal`,
    blobs: `${data}/blobs`,
    state: `${data}/state`,
    lease: `${data}/lease`,
    runs: `${data}/runs`,
    prompts: `${data}/prompts`,
    experiments: `${data}/experiments`,
    backups: `${data}/backups`,
  };
}

/**
 * Creates a directory, for us alone unless said otherwise, and those above it; nothing happens when it is there. Step by step: Node's
 * own recursion never ends where a file system answers ENOENT, as /proc does.
 */
export function ensureDirectory(path: string, mode = 0o700): void {
  if (fs.existsSync(path)) return;
  const parent = path.slice(0, path.lastIndexOf("/"));
  if (parent !== "") ensureDirectory(parent, mode);
  try {
    fs.mkdirSync(path, { mode });
  } catch (error) {
    // Another process was faster. A link that leads nowhere is in the way, and is told.
    if (!fs.existsSync(path)) throw error;
  }
}
