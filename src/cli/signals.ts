import { type Cancellation, createCancellation } from "../workflow/cancellation.ts";

const STOPPING = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/** Numbers as POSIX has them; exit codes are 128 more. */
const numbers: Readonly<Partial<Record<NodeJS.Signals, number>>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGTERM: 15,
};

/** A keyboard's, which go to all that run on its terminal. A hang-up may go to one process alone. */
const OF_KEYBOARD: readonly string[] = ["SIGINT", "SIGQUIT"];

/**
 * From now on, signals that would end the program ask the work to stop instead.
 *
 * @param work whether it gets those of the keyboard by itself; what they mean is then up to it. To many interactive
 * programs Ctrl-C is one key of many.
 */
export function cancelOnSignals(work: { readonly sharesTerminal: boolean }): Cancellation {
  const cancellation = createCancellation();
  for (const name of STOPPING) {
    const isLeftToWork = work.sharesTerminal && OF_KEYBOARD.includes(name);
    process.on(name, () => {
      if (!isLeftToWork) cancellation.request(name);
    });
  }
  return cancellation;
}

export function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return 128 + (numbers[signal] ?? 15);
}
