import { type Cancellation, createCancellation } from "../workflow/cancellation.ts";

const STOPPING = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/** Numbers as POSIX has them; exit codes are 128 more. */
const numbers: Readonly<Partial<Record<NodeJS.Signals, number>>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGTERM: 15,
};

/** A terminal sends them to all that run on it: its keyboard the first two, closing it the third. */
const OF_TERMINAL: readonly string[] = ["SIGINT", "SIGQUIT", "SIGHUP"];

/**
 * From now on, signals that would end the program ask the work to stop instead.
 *
 * @param work whether it gets those of a terminal by itself; what they mean is then up to it. To many interactive
 * programs Ctrl-C is one key of many.
 */
export function cancelOnSignals(work: { readonly sharesTerminal: boolean }): Cancellation {
  const cancellation = createCancellation();
  for (const name of STOPPING) {
    const isLeftToWork = work.sharesTerminal && OF_TERMINAL.includes(name);
    process.on(name, () => {
      if (!isLeftToWork) cancellation.request(name);
    });
  }
  return cancellation;
}

export function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return 128 + (numbers[signal] ?? 15);
}
