import { NOT_STARTED, readNotice } from "../delivery/notice.ts";
import { describeUndelivered } from "../delivery/report.ts";
import { ensureDeliverer } from "../delivery/spawn-deliverer.ts";
import type { CliContext } from "./context.ts";
import { deliveryContext } from "./delivery-context.ts";

/**
 * Sees to the delivery of what a command has just appended: before it ends, or by a background process. Never
 * changes the command's outcome; what could not be delivered is told in one line on stderr.
 */
export async function deliverAfterWork(ctx: CliContext): Promise<void> {
  const { settings, home, output } = ctx;
  if (!settings.anySink || settings.deliveryMode === "off") return;
  try {
    if (settings.deliveryMode === "foreground") {
      await deliverInForeground(ctx);
      return;
    }
    const notice = readNotice(home);
    if (notice !== undefined) output.note(notice);
    ensureDeliverer(home, ctx.env, {
      path: `${ctx.programDir}/deliver.cjs`,
      version: ctx.version,
      deliveryHash: settings.deliveryHash(),
    });
  } catch {
    // The facts are safe; the next command tries again, and `doctor` looks into why.
    output.note(NOT_STARTED);
  }
}

async function deliverInForeground(ctx: CliContext): Promise<void> {
  const { deliverNow } = await import("../delivery/deliver-now.ts");
  const report = await deliverNow(deliveryContext(ctx), { deadlineMs: ctx.settings.deliveryTimeoutMs });
  const undelivered = describeUndelivered(report);
  if (undelivered !== undefined) ctx.output.note(undelivered);
}
