import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { listenOn } from "./listener.ts";

export interface JitterProxyOptions {
  readonly targetPort: number;
  readonly maxDelayMs: number;
  readonly seed?: number;
}

export interface JitterProxy {
  readonly url: string;
  readonly port: number;
  /** The delays dealt so far, in milliseconds. */
  delaysMs(): readonly number[];
  close(): Promise<void>;
}

/**
 * Starts a TCP proxy that holds each request back for a random time in [0, maxDelayMs], so that requests of
 * different connections overtake each other. A request begins with a connection's first bytes and with the first
 * ones after the target has spoken; bytes of one connection stay in order.
 */
export async function startJitterProxy(options: JitterProxyOptions): Promise<JitterProxy> {
  const random = seededRandom(options.seed ?? 1);
  const delaysMs: number[] = [];

  const server = createServer((client: Socket) => {
    const target = connect(options.targetPort, "127.0.0.1");
    target.on("error", () => client.destroy());
    client.on("error", () => target.destroy());
    target.on("close", () => client.destroy());

    let requestBegins = true;
    target.on("data", (chunk) => {
      requestBegins = true;
      client.write(chunk);
    });
    target.on("end", () => client.end());

    let forwarded: Promise<unknown> = Promise.resolve();
    const forward = (deliver: () => void) => {
      forwarded = forwarded.then(deliver);
    };
    client.on("data", (chunk) => {
      if (requestBegins) {
        requestBegins = false;
        const delayMs = random() * options.maxDelayMs;
        delaysMs.push(delayMs);
        forwarded = forwarded.then(() => sleep(delayMs));
      }
      forward(() => target.write(chunk));
    });
    // What a client sent before it went away is still forwarded: that is how a late, stale push arrives.
    client.on("close", () => forward(() => target.end()));
  });
  const listener = await listenOn(server);
  return {
    url: `http://127.0.0.1:${listener.port}`,
    port: listener.port,
    delaysMs: () => delaysMs,
    close: listener.shut,
  };
}

/** mulberry32: numbers in [0, 1), the same ones for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
