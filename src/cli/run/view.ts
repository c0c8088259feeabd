import { WriteStream } from "node:tty";
import { envFlag } from "../../core/environment.ts";
import { isTerminal } from "../../core/output.ts";
import type { Workflow } from "../../workflow/definition.ts";
import type { CliContext } from "../context.ts";
import { createLiveView } from "./live-view.ts";
import { createPlainView, type RunView, silentView } from "./plain-view.ts";
import { stageColumns } from "./stage-lines.ts";

/** Live on a terminal, plain lines elsewhere and in CI, nothing with `--json` and `--quiet`. */
export function createView({ stages }: Workflow, ctx: CliContext): RunView {
  const { flags, env, output, paint, clock } = ctx;
  if (flags.json || flags.quiet) return silentView;
  const columns = stageColumns(stages);
  const isLive = isTerminal(1) && env.TERM !== "dumb" && !envFlag(env, "CI");
  if (!isLive) return createPlainView(output.raw, columns, paint);
  const terminal = new WriteStream(1);
  return createLiveView(output.raw, () => terminal.columns, columns, paint, clock);
}
