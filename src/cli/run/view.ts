import { isatty, WriteStream } from "node:tty";
import { envFlag } from "../../core/environment.ts";
import { UserError } from "../../core/errors.ts";
import type { Workflow } from "../../workflow/definition.ts";
import type { CliContext } from "../context.ts";
import { createLiveView } from "./live-view.ts";
import { createPlainView, type RunView, silentView } from "./plain-view.ts";
import { stageColumns } from "./stage-lines.ts";

/** Where the terminal does not tell its width. */
const UNKNOWN_COLUMNS = 80;

/** Live on a terminal, plain lines elsewhere and in CI, nothing with `--json` and `--quiet`. */
export function createView({ stages }: Workflow, ctx: CliContext): RunView {
  const { flags, env, paint, clock } = ctx;
  if (flags.json || flags.quiet) return silentView;
  const columns = stageColumns(stages);
  const write = whileItCan(ctx.output.raw);
  const isLive = isatty(1) && env.TERM !== "dumb" && !envFlag(env, "CI");
  if (!isLive) return createPlainView(write, columns, paint);
  const terminal = new WriteStream(1);
  return createLiveView(write, () => terminal.columns || UNKNOWN_COLUMNS, columns, paint, clock);
}

/** A terminal that was closed, or a full disk behind a redirection, ends the progress and not the work. */
function whileItCan(write: (text: string) => void): (text: string) => void {
  let isBroken = false;
  return (text) => {
    if (isBroken) return;
    try {
      write(text);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      isBroken = true;
    }
  };
}
