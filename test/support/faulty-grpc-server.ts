import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { createServer as createTcpServer, type Socket } from "node:net";
import { gunzipSync } from "node:zlib";
import type { Behaviour, BehaviourPerRequest, FaultyServer, Handler, RecordedRequest } from "./behaviour.ts";
import type { FaultyServerOptions } from "./faulty-server.ts";
import { listenOn } from "./listener.ts";

const DRIP_INTERVAL_MS = 50;
const FRAME_HEAD_BYTES = 5;

/** gRPC status codes for what the handlers answer (https://grpc.io/docs/guides/status-codes/). */
const GRPC_STATUS_OF_HTTP: Readonly<Record<number, number>> = {
  200: 0,
  400: 3,
  401: 16,
  404: 12,
  413: 8,
  429: 8,
};
const GRPC_INTERNAL = 13;

/**
 * Starts a server of unary gRPC calls over plain HTTP/2 that shows any {@link Behaviour} in front of a handler.
 * It speaks the wire format itself, so that faults below gRPC's own level can be shown, and so that a mistake
 * in the client's library cannot hide behind the same one here.
 */
export async function startFaultyGrpcServer(options: FaultyServerOptions = {}): Promise<FaultyServer> {
  const handler: Handler = options.handler ?? (() => ({ status: 200 }));
  const recorded: RecordedRequest[] = [];
  let behaviour = options.behaviour ?? "ok";

  const http2 = createServer();
  http2.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    void receive(stream, headers).catch(() => stream.session?.destroy());
  });
  // The TCP server stands in front because "nonsense" must be told before HTTP/2 takes the socket over.
  const tcp = createTcpServer((socket: Socket) => {
    if (behaviour === "nonsense") socket.end("\u0000 this is not HTTP/2 \r\n\r\n");
    else http2.emit("connection", socket);
  });
  const listener = await listenOn(tcp, options.port);

  async function receive(stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    const request = {
      method: String(headers[":method"]),
      path: String(headers[":path"]),
      headers,
      body: await readMessage(stream, headers),
    };
    const current = typeof behaviour === "function" ? behaviour(request, recorded.length) : behaviour;
    const entry = { ...request, atMs: performance.now() };
    const index = recorded.push({ ...entry, answered: typeof current === "string" ? current : 0 }) - 1;
    const answered = (status: number) => {
      recorded[index] = { ...entry, answered: status };
      return status;
    };

    if (typeof current === "object") {
      if ("status" in current) {
        stream.respond({ ...current.headers, ":status": answered(current.status) }, { endStream: true });
      } else {
        refuseCall(stream, answered(current.grpcStatus), current.message ?? `status ${current.grpcStatus}`);
      }
      return;
    }
    switch (current) {
      case "hang":
        return;
      case "refuse":
      case "cut":
      case "nonsense":
        stream.session?.destroy();
        return;
      case "cut-after-accept":
        await handler(request);
        stream.session?.destroy();
        return;
      case "drip":
        drip(stream);
        return;
      case "drip-body":
        await handler(request);
        drip(stream);
        return;
      case "ok": {
        const answer = await handler(request);
        const status = answered(GRPC_STATUS_OF_HTTP[answer.status] ?? GRPC_INTERNAL);
        if (status === 0) acceptCall(stream, Buffer.from(answer.body ?? ""));
        else refuseCall(stream, status, String(answer.body ?? ""));
      }
    }
  }

  async function behave(next: Behaviour | BehaviourPerRequest) {
    behaviour = next;
    if (next === "nonsense") listener.disconnectAll();
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

async function readMessage(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  const frame = Buffer.concat(chunks);
  const message = frame.subarray(FRAME_HEAD_BYTES, FRAME_HEAD_BYTES + frame.readUInt32BE(1));
  const compressed = frame[0] === 1 && headers["grpc-encoding"] === "gzip";
  return compressed ? gunzipSync(message) : message;
}

function acceptCall(stream: ServerHttp2Stream, message: Buffer) {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(Buffer.concat([frameHead(message.length), message]));
}

function refuseCall(stream: ServerHttp2Stream, status: number, message: string) {
  stream.respond(
    {
      ":status": 200,
      "content-type": "application/grpc",
      "grpc-status": String(status),
      "grpc-message": encodeURIComponent(message),
    },
    { endStream: true },
  );
}

function drip(stream: ServerHttp2Stream) {
  stream.respond({ ":status": 200, "content-type": "application/grpc" });
  stream.write(frameHead(1_000_000));
  const timer = setInterval(() => stream.write("."), DRIP_INTERVAL_MS);
  stream.on("close", () => clearInterval(timer));
}

function frameHead(length: number): Buffer {
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUInt32BE(length, 1);
  return head;
}
