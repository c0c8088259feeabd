import fs from "node:fs";
import { replaceFile } from "../core/atomic-file.ts";
import { ExitCode, errorCode, UserError } from "../core/errors.ts";
import { ensureDirectory, type Home } from "../core/home.ts";
import { randomHex } from "../core/random.ts";

/**
 * Writes one setting to the user's file, or takes it out (undefined). Either the file then says so, which is
 * verified, or it is what it was before.
 *
 * @param value as `checkSetting` let it pass.
 * @throws UserError `broken-config` for a file that holds no JSON object, `config-not-written` when the disk did
 *   not take it; the system's error for anything it refuses to do.
 */
export async function writeUserSetting(home: Home, key: string, value: string | undefined): Promise<void> {
  ensureDirectory(home.configDir);
  readObject(home.configFile);
  const { default: Conf } = await import("conf");
  const old = keepOld(home.configFile);
  try {
    const store = new Conf({ cwd: home.configDir, configName: "config", configFileMode: 0o600 });
    if (value === undefined) store.delete(key);
    else store.set(key, value);
    // On a full disk it leaves half a file and reports nothing.
    if (lookUp(readObject(home.configFile), key) !== value) throw notWritten(home.configFile);
  } catch (error) {
    old.restore();
    throw error instanceof UserError ? notWritten(home.configFile) : error;
  } finally {
    old.forget();
  }
}

/** Whether the user's file says anything about this setting. @throws UserError `broken-config`. */
export function hasUserSetting(home: Home, key: string): boolean {
  return lookUp(readObject(home.configFile), key) !== undefined;
}

/** A way back that needs no space on the disk: another name for the file that is about to be replaced. */
function keepOld(configFile: string): { restore(): void; forget(): void } {
  if (!fs.existsSync(configFile)) {
    return { restore: () => fs.rmSync(configFile, { force: true }), forget: () => undefined };
  }
  const file = fs.realpathSync(configFile);
  const content = fs.readFileSync(file, "utf8");
  const kept = `${file}.${randomHex(6)}.old`;
  try {
    fs.linkSync(file, kept);
  } catch (error) {
    // File systems without hard links.
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "EMLINK", "ENOSYS"].includes(errorCode(error) ?? "")) throw error;
    fs.copyFileSync(file, kept);
  }
  return {
    restore() {
      if (fs.readFileSync(file, "utf8") === content) return;
      // Within a snap, the file is written in place and both names show the damage.
      if (fs.readFileSync(kept, "utf8") === content) fs.renameSync(kept, file);
      else replaceFile(file, content);
    },
    forget: () => fs.rmSync(kept, { force: true }),
  };
}

/** @throws UserError `broken-config`. */
function readObject(file: string): Readonly<Record<string, unknown>> {
  if (!fs.existsSync(file)) return {};
  const text = fs.readFileSync(file, "utf8");
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Not JSON at all.
  }
  throw new UserError({
    reason: "broken-config",
    message: `${file} is not a JSON object, and is left as it is.`,
    hint: "Mend the file, or move it away, and run the command again.",
  });
}

function lookUp(settings: Readonly<Record<string, unknown>>, key: string): unknown {
  let value: unknown = settings;
  for (const part of key.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

function notWritten(file: string): UserError {
  return new UserError(
    {
      reason: "config-not-written",
      message: `${file} could not be written completely; it is as it was before.`,
      hint: "The disk may be full. Free some space, and run the command again.",
    },
    ExitCode.failed,
  );
}
