import { replaceFile } from "../core/atomic-file.ts";
import { envFlag } from "../core/environment.ts";
import type { UserError } from "../core/errors.ts";
import { ExitCode, type Failure } from "../core/errors.ts";
import { ensureDirectory, resolveHome } from "../core/home.ts";
import type { World } from "./context.ts";
import { jsonLine, type Output } from "./output.ts";
import type { GlobalFlags } from "./route.ts";

/** A user's mistake or a failure of the world: what was wrong, and what to do. @returns the exit code. */
export function tellFailure(error: UserError, flags: GlobalFlags, output: Output): number {
  tell(error, flags, output);
  return error.exitCode;
}

/**
 * Everything else that was thrown. What is needed to find the bug goes to a file; the terminal gets two lines, and
 * the stack only on request.
 */
export function tellBug(error: unknown, world: World, flags: GlobalFlags, output: Output): number {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const versions = `tta-persona ${world.version}, Node.js ${process.versions.node}, ${world.platform}`;
  const file = keepReport(`${versions}\n${new Date(world.clock.now()).toISOString()}\n\n${stack}\n`, world);
  tell(
    {
      reason: "bug",
      message: `This is a bug in tta-persona, sorry (${versions}).`,
      hint:
        file === undefined
          ? "Please report it with what TTA_PERSONA_DEBUG=1 shows for the same command."
          : `Please report it, and attach ${file}`,
    },
    flags,
    output,
  );
  if (envFlag(world.env, "TTA_PERSONA_DEBUG")) output.complain(stack.split("\n"));
  return ExitCode.bug;
}

function tell(failure: Failure, flags: GlobalFlags, output: Output): void {
  const { reason, message, hint } = failure;
  if (flags.json) {
    output.raw(jsonLine({ schema: "tta-persona/error/1", error: { reason, message, hint } }));
    return;
  }
  output.complain([`tta-persona: ${message}`, ...(hint === undefined ? [] : [`  ${hint}`])]);
}

/** One file, replaced by the next bug. Nowhere to put it is no second bug. */
function keepReport(text: string, world: World): string | undefined {
  try {
    const home = resolveHome(world.env, world.platform);
    if (!home.ok) return undefined;
    ensureDirectory(home.value.state);
    const file = `${home.value.state}/bug-report.txt`;
    replaceFile(file, text, false);
    return file;
  } catch {
    return undefined;
  }
}
