import { errorCode } from "../core/errors.ts";
import { currentOwner } from "../core/owner.ts";
import { ensureDeliverer } from "../delivery/spawn-deliverer.ts";
import { createRecorder, type Recorder } from "../workflow/recorder.ts";
import { deliverAfterWork } from "./after-work.ts";
import type { CliContext } from "./context.ts";

/**
 * Starts delivering when a command that takes its time begins, so that loading the SDK and showing the first zeros
 * fall into the time that its work takes anyway. In the foreground the process ends with the command.
 */
export function deliverWhileRunning(ctx: CliContext): void {
  const { settings, home } = ctx;
  if (!settings.anySink || settings.deliveryMode === "off") return;
  try {
    ensureDeliverer(home, ctx.env, {
      path: `${ctx.programDir}/deliver.cjs`,
      version: ctx.version,
      deliveryHash: settings.deliveryHash(),
      ...(settings.deliveryMode === "foreground" ? { for: currentOwner() } : {}),
    });
  } catch {
    // Whoever delivers after the work tries again, and says so.
  }
}

/**
 * A `fetch` that starts delivering once a model has been asked, so that nothing stands before the request, and loading
 * falls into the time that the model takes. For the foreground, where the command would wait for it afterwards.
 */
export function fetchAndDeliver(ctx: CliContext): typeof globalThis.fetch {
  const { fetch } = globalThis;
  if (ctx.settings.deliveryMode !== "foreground") return fetch;
  return (input, init) => {
    const answer = fetch(input, init);
    deliverWhileRunning(ctx);
    return answer;
  };
}

/** Delivers what the work has left to. Where it could not be recorded, that was said, and there is nothing to send. */
export async function deliverAfterRecording(recorder: Recorder, ctx: CliContext): Promise<void> {
  if (!recorder.isTroubled()) await deliverAfterWork(ctx);
}

/** Where the disk is full or the home read-only, the work goes on and one line says that it is not recorded. */
export function recorderFor(ctx: CliContext): Recorder {
  const { home, env, clock, version, settings } = ctx;
  return createRecorder({
    home,
    env,
    clock,
    version,
    segmentBytes: settings.segmentBytes,
    onTrouble: (error) => notRecorded(ctx, error),
  });
}

export function notRecorded({ output }: CliContext, error: unknown): void {
  output.note(`not recorded (${errorCode(error) ?? "unknown error"})`);
}
