import fs from "node:fs";
import { replaceFile } from "../core/atomic-file.ts";
import type { Clock } from "../core/clock.ts";
import { ensureDirectory, type Home } from "../core/home.ts";

/** What went wrong in delivery that only a mistake of ours explains; `doctor` shows it. */
export function delivererErrorPath(home: Home): string {
  return `${home.state}/deliverer-error`;
}

/** Nobody reads a background process's stderr, and to a command in the foreground delivery is no failure of its own. */
export function keepDelivererError(
  { home, clock, version }: { readonly home: Home; readonly clock: Clock; readonly version: string },
  error: unknown,
): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  try {
    // A home that was removed must not come back to life.
    fs.accessSync(home.data);
    ensureDirectory(home.state);
    replaceFile(
      delivererErrorPath(home),
      `${new Date(clock.now()).toISOString()} ${version}\n${text}\n`,
      false,
    );
  } catch {
    // The disk is full or the home is gone, which is what it would say.
  }
}
