import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";
import { waitFor } from "./wait-for.ts";

/** A TCP port of 127.0.0.1 that can be closed and opened again under the same number. */
export interface Listener {
  readonly port: number;
  connectionCount(): number;
  open(): Promise<void>;
  /** Ends the connections there are and refuses new ones. */
  shut(): Promise<void>;
  /** Ends the connections there are. */
  disconnectAll(): void;
}

export async function listenOn(server: Server, port = 0): Promise<Listener> {
  const sockets = new Set<Socket>();
  let count = 0;
  server.on("connection", (socket: Socket) => {
    count += 1;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  await listen(server, port);
  const boundPort = (server.address() as AddressInfo).port;

  function disconnectAll() {
    for (const socket of sockets) socket.destroy();
  }
  return {
    port: boundPort,
    connectionCount: () => count,
    disconnectAll,
    async open() {
      // Between closing and opening, an outgoing connection may borrow the port for a moment.
      if (!server.listening) {
        await waitFor(() => listen(server, boundPort).then(() => true), { what: `port ${boundPort}` });
      }
    },
    async shut() {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      disconnectAll();
      await closed;
    },
  };
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
}
