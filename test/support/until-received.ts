import type { FaultyServer } from "./behaviour.ts";

/**
 * Sends under a short deadline, and under a longer one as long as it was over before the server had got a request: a
 * slow machine needs its time to ask, and only what was asked can be left without an answer.
 */
export async function untilReceived<T>(
  server: Pick<FaultyServer, "requests">,
  send: (deadlineMs: number) => Promise<T>,
): Promise<T> {
  for (let deadlineMs = 200; ; deadlineMs *= 3) {
    const before = server.requests().length;
    const outcome = await send(deadlineMs);
    if (server.requests().length > before) return outcome;
  }
}
