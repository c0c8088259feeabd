import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { waitFor } from "./wait-for.ts";

export interface ServerProcess {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Runs "$@" and kills it when standard input ends, which it does however the test process dies, by SIGKILL too.
 * The server itself must not hold that pipe open.
 */
const WATCHDOG = `
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
{ cat <&3 >/dev/null; kill -9 $server; } >/dev/null 2>&1 &
exec 3<&-
wait $server`;

/** Starts a server of the Prometheus family on the port it chooses for itself and waits until it is ready. */
export async function startServerProcess(command: string, args: readonly string[]): Promise<ServerProcess> {
  const child = spawn("sh", ["-c", WATCHDOG, "sh", command, ...args], { stdio: ["pipe", "ignore", "pipe"] });
  const exited = once(child, "exit");
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });

  async function stop() {
    child.stdin.destroy();
    await exited;
  }
  try {
    await waitFor(async () => isGone(child) || (await isReady(portIn(log))), {
      what: `${command} to be ready`,
    });
    if (isGone(child)) throw new Error(`it exited with ${child.exitCode}`);
    return { port: Number(portIn(log)), stop };
  } catch (error) {
    await stop();
    throw new Error(`${command} did not start:\n${log}`, { cause: error });
  }
}

/** The log of the common web toolkit says: `msg="Listening on" address=127.0.0.1:41041`. */
function portIn(log: string): string | undefined {
  return /msg="?Listening on"? address=127\.0\.0\.1:(\d+)/.exec(log)?.[1];
}

async function isReady(port: string | undefined): Promise<boolean> {
  return port !== undefined && (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok;
}

function isGone(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
