import fs from "node:fs";
import { replaceFile } from "../core/atomic-file.ts";
import { systemErrorCode } from "../core/errors.ts";
import { removeFile } from "../core/filesystem.ts";
import { ensureDirectory, type Home } from "../core/home.ts";

/**
 * One line that the deliverer leaves while something cannot be delivered, for the next command to say on
 * stderr: whoever works in the foreground does not wait for the backend to find out.
 */
export function readNotice(home: Home): string | undefined {
  const path = noticePath(home);
  if (!fs.existsSync(path)) return undefined;
  try {
    return fs.readFileSync(path, "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}

/** What a command says when nobody could be found to deliver. */
export const NOT_STARTED = "not delivered yet: delivery could not be started; see: tta-persona doctor";

/** Under the lease only. A full disk has no room for what would be said of it. */
export function writeNotice(home: Home, text: string | undefined): void {
  if (readNotice(home) === text) return;
  try {
    if (text === undefined) {
      removeFile(noticePath(home));
      return;
    }
    ensureDirectory(home.state);
    replaceFile(noticePath(home), `${text}\n`, false);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
  }
}

function noticePath(home: Home): string {
  return `${home.state}/delivery-notice`;
}
