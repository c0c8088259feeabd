import { type Cancellation, createCancellation } from "../workflow/cancellation.ts";

const STOPPING = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/** Numbers as POSIX has them; exit codes are 128 more. */
const numbers: Readonly<Partial<Record<NodeJS.Signals, number>>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGTERM: 15,
};

/** From now on, signals that would end the program ask the work to stop instead. */
export function cancelOnSignals(): Cancellation {
  const cancellation = createCancellation();
  for (const name of STOPPING) process.on(name, () => cancellation.request(name));
  return cancellation;
}

export function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return 128 + (numbers[signal] ?? 15);
}
