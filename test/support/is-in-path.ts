import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Whether there is such a command. What needs one that is not there is skipped; `announce-real-servers.ts` says so. */
export function isInPath(command: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
