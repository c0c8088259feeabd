import fs from "node:fs";
import { replaceFile } from "../core/atomic-file.ts";
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

export function writeNotice(home: Home, text: string | undefined): void {
  if (readNotice(home) === text) return;
  if (text === undefined) {
    fs.rmSync(noticePath(home), { force: true });
    return;
  }
  ensureDirectory(home.state);
  replaceFile(noticePath(home), `${text}\n`, false);
}

function noticePath(home: Home): string {
  return `${home.state}/delivery-notice`;
}
