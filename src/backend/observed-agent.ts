import type { Agent, ClientRequest, IncomingMessage } from "node:http";
import type { AgentOptions } from "node:https";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";

/** What is seen of one request while a library makes it. */
export interface ObservedExchange {
  readonly agent: Agent;
  /** Whether a connection (with TLS, a secured one) stood: from then on bytes may have arrived. */
  sent(): boolean;
  /** As soon as status and headers are there, whatever becomes of the body. */
  response(): IncomingMessage | undefined;
  /** Resolves when the connection ends in the middle of an answer. Never rejects. */
  readonly cut: Promise<void>;
  /** Ends the request at once, whatever state it is in. */
  abort(): void;
}

export interface ExchangeObserver {
  onResponse?(response: IncomingMessage): void;
  onError?(error: Error, sent: boolean): void;
}

/** Undocumented, but what every proxy agent builds on: called once for each request, from its constructor. */
interface RequestTaker {
  addRequest(request: ClientRequest, ...rest: unknown[]): void;
}

/**
 * An agent that watches the one request made through it. The libraries that make our requests hide the
 * status, the headers or the error, and offer no way to end a request that drips; all of that is seen here.
 */
export async function observeExchange(
  protocol: string,
  options: AgentOptions = {},
  observer: ExchangeObserver = {},
): Promise<ObservedExchange> {
  const { Agent } = protocol === "https:" ? await import("node:https") : await import("node:http");
  // No keep-alive: a connection the server has meanwhile given up would make the next attempt doubtful.
  const agent = new Agent({ ...options, keepAlive: false });
  let sent = false;
  let isAborted = false;
  let request: ClientRequest | undefined;
  let response: IncomingMessage | undefined;
  let reportCut: () => void = () => {};
  const cut = new Promise<void>((resolve) => {
    reportCut = resolve;
  });

  function watch(made: ClientRequest) {
    request = made;
    made.once("socket", (socket) => {
      whenConnected(socket, () => {
        sent = true;
      });
    });
    made.on("error", (error) => observer.onError?.(error, sent));
    made.prependOnceListener("response", (received) => {
      response = received;
      observer.onResponse?.(received);
      received.once("close", () => {
        if (!received.complete) reportCut();
      });
    });
  }

  const taker = agent as unknown as RequestTaker;
  const addRequest = taker.addRequest;
  taker.addRequest = (made, ...rest) => {
    watch(made);
    if (isAborted) made.destroy();
    else addRequest.call(agent, made, ...rest);
  };
  return {
    agent,
    sent: () => sent,
    response: () => response,
    cut,
    abort() {
      isAborted = true;
      request?.destroy();
    },
  };
}

function whenConnected(socket: Socket, callback: () => void) {
  const isTls = (socket as Partial<TLSSocket>).encrypted === true;
  if (!isTls && !socket.connecting) callback();
  else socket.once(isTls ? "secureConnect" : "connect", callback);
}
