import fs from "node:fs";
import { errorCode } from "../core/errors.ts";
import { isProvablyDead } from "../core/owner.ts";
import { endSession } from "../persona/switch-persona.ts";
import { openSession } from "../projection/session-store.ts";
import { shellDirectory } from "../projection/shell-scope.ts";
import { type CliContext, switchContext } from "./context.ts";

/**
 * Ends the sessions of shells that are provably gone without having ended them, such as killed ones, and removes the
 * files of those that are forgotten. Never fails: whoever comes next tries again.
 *
 * @returns whether a session was ended.
 */
export function endGoneShells(ctx: CliContext): boolean {
  try {
    // Before the journal: a shell's file is made after its fact, so what is found here and not there is over.
    const files = listFiles(shellDirectory(ctx.home));
    const session = openSession(ctx.home);
    const gone = Object.entries(session.state.scopes).filter(
      ([, { active }]) => active?.shell !== undefined && isProvablyDead(active.shell),
    );
    for (const [scope] of gone) endSession(switchContext(ctx), session, scope, { reason: "gone" });
    for (const file of files) {
      if (session.state.scopes[`shell:${file}`]?.active == null) {
        fs.rmSync(`${shellDirectory(ctx.home)}/${file}`, { force: true });
      }
    }
    return gone.length > 0;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return false;
  }
}

function listFiles(directory: string): readonly string[] {
  return fs.existsSync(directory) ? fs.readdirSync(directory) : [];
}
