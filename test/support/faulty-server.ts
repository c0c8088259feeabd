import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type {
  Answer,
  Behaviour,
  BehaviourPerRequest,
  FaultyServer,
  Handler,
  ReceivedRequest,
  RecordedRequest,
} from "./behaviour.ts";
import { listenOn } from "./listener.ts";

export interface FaultyServerOptions {
  /** Answers 200 with an empty body when left out. */
  readonly handler?: Handler;
  readonly behaviour?: Behaviour | BehaviourPerRequest;
  readonly port?: number;
}

const DRIP_INTERVAL_MS = 50;

/** Starts an HTTP/1.1 server that shows any {@link Behaviour} in front of a handler. */
export async function startFaultyServer(options: FaultyServerOptions = {}): Promise<FaultyServer> {
  const handler: Handler = options.handler ?? (() => ({ status: 200 }));
  const recorded: RecordedRequest[] = [];
  let behaviour = options.behaviour ?? "ok";

  const server = createServer((incoming, response) => {
    // A client that goes away in the middle of its request is nothing to report.
    void receive(incoming, response).catch(() => incoming.socket.destroy());
  });
  const listener = await listenOn(server, options.port);

  async function receive(incoming: IncomingMessage, response: ServerResponse) {
    const request = await readRequest(incoming);
    const current = typeof behaviour === "function" ? behaviour(request, recorded.length) : behaviour;
    const index = recorded.push({ ...request, atMs: performance.now(), answered: nameOf(current) }) - 1;
    const answer = await show(current, request, handler, incoming, response);
    if (answer !== undefined) {
      recorded[index] = { ...(recorded[index] as RecordedRequest), answered: answer.status };
      send(response, answer);
    }
  }

  async function behave(next: Behaviour | BehaviourPerRequest) {
    behaviour = next;
    await (next === "refuse" ? listener.shut() : listener.open());
  }
  await behave(behaviour);
  return {
    url: `http://127.0.0.1:${listener.port}`,
    port: listener.port,
    behave,
    requests: () => recorded,
    connectionCount: listener.connectionCount,
    close: listener.shut,
  };
}

function nameOf(behaviour: Behaviour): RecordedRequest["answered"] {
  if (typeof behaviour === "string") return behaviour;
  return "status" in behaviour ? behaviour.status : behaviour.grpcStatus;
}

async function readRequest(incoming: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return {
    method: incoming.method ?? "",
    path: incoming.url ?? "",
    headers: incoming.headers,
    body: Buffer.concat(chunks),
  };
}

/** Returns the answer still to be sent, or undefined when the behaviour itself has dealt with the connection. */
async function show(
  behaviour: Behaviour,
  request: ReceivedRequest,
  handler: Handler,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<Answer | undefined> {
  const { socket } = incoming;
  if (typeof behaviour === "object") {
    if (!("status" in behaviour)) throw new Error("a gRPC status cannot be answered over HTTP/1.1");
    const location = behaviour.status >= 300 && behaviour.status < 400 ? { location: "/elsewhere" } : {};
    return {
      body: `status ${behaviour.status}\n`,
      ...behaviour,
      headers: { ...location, ...behaviour.headers },
    };
  }
  switch (behaviour) {
    case "ok":
      return handler(request);
    case "refuse":
    case "cut":
      socket.destroy();
      return undefined;
    case "cut-after-accept":
      await handler(request);
      socket.destroy();
      return undefined;
    case "hang":
      return undefined;
    case "nonsense":
      socket.end("\u0000\u0001 this is not HTTP \u00ff\r\n\r\n");
      return undefined;
    case "drip":
      socket.write("HTTP/1.1 200 OK\r\nx-drip: ");
      dripInto(socket);
      return undefined;
    case "drip-body": {
      const answer = await handler(request);
      response.writeHead(answer.status, { ...answer.headers, "transfer-encoding": "chunked" });
      response.flushHeaders();
      dripInto(response);
      return undefined;
    }
  }
}

function dripInto(stream: NodeJS.WritableStream) {
  const timer = setInterval(() => stream.write("."), DRIP_INTERVAL_MS);
  stream.on("close", () => clearInterval(timer));
  stream.on("error", () => clearInterval(timer));
}

function send(response: ServerResponse, answer: Answer) {
  response.writeHead(answer.status, answer.headers);
  response.end(answer.body);
}
