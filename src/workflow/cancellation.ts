/** A request to stop, by signal, that whoever works looks at and is told of. */
export interface Cancellation {
  /** The first signal that asked; undefined while nobody did. */
  requested(): NodeJS.Signals | undefined;
  /**
   * The first request is passed on as it is, the second as `SIGKILL`, the others not at all. A second hang-up is
   * none: when a terminal is closed, both its shell and the kernel tell.
   */
  request(signal: NodeJS.Signals): void;
  /** Calls back for each request from now on. @returns how to stop that. */
  onRequest(listener: (signal: NodeJS.Signals) => void): () => void;
}

export function createCancellation(): Cancellation {
  const listeners = new Set<(signal: NodeJS.Signals) => void>();
  let first: NodeJS.Signals | undefined;
  let isKilled = false;
  return {
    requested: () => first,
    request(signal) {
      if (isKilled || (signal === "SIGHUP" && first === "SIGHUP")) return;
      isKilled = first !== undefined;
      const passed = isKilled ? "SIGKILL" : signal;
      first ??= signal;
      for (const listener of [...listeners]) listener(passed);
    },
    onRequest(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Waits, but not beyond a request to stop. */
export function waitUnlessCancelled(ms: number, cancellation: Cancellation): Promise<void> {
  if (cancellation.requested() !== undefined) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      forget();
      resolve();
    };
    const timer = setTimeout(end, ms);
    const forget = cancellation.onRequest(end);
  });
}
