// One server of the stack as a child process that does not outlive us.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const READY_WITHIN_MS = 120_000;
const STOP_WITHIN_MS = 15_000;
const POLL_MS = 50;
const TOLD_LINES = 8;

/** Runs "$@" and ends it when standard input does, which it does however we die, by SIGKILL too. */
const UNTIL_INPUT_ENDS = `
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
{ cat <&3 >/dev/null; kill -TERM $server; } >/dev/null 2>&1 &
exec 3<&-
wait $server`;

/**
 * Starts a server in a process group of its own, so that Ctrl-C reaches us alone. It writes to `logFile`, which begins
 * anew.
 */
export function startServer({ name, command, args, logFile }) {
  const log = openSync(logFile, "w", 0o600);
  const child = spawn("sh", ["-c", UNTIL_INPUT_ENDS, "sh", command, ...args], {
    stdio: ["pipe", log, log],
    detached: true,
  });
  closeSync(log);
  // A server that has ended leaves nobody to read from it.
  child.stdin.on("error", () => undefined);
  const ended = once(child, "exit").then(([code, signal]) => code ?? signal);
  let hasEnded = false;
  void ended.then(() => {
    hasEnded = true;
  });

  /** The log of the common web toolkit says: `msg="Listening on" address=127.0.0.1:41041`. */
  const readPort = () =>
    /msg="?Listening on"? address=127\.0\.0\.1:(\d+)/.exec(readFileSync(logFile, "utf8"))?.[1];

  return {
    name,
    /** Resolves with the exit code, or the signal's name. */
    ended,
    lastLines: () => readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-TOLD_LINES),

    /** Its port, once it listens and is ready; undefined when it has ended instead, or is late. */
    async ready() {
      const deadline = performance.now() + READY_WITHIN_MS;
      while (!hasEnded && performance.now() < deadline) {
        const port = readPort();
        if (port !== undefined && (await answersReady(port))) return Number(port);
        await sleep(POLL_MS);
      }
      return undefined;
    },

    async stop() {
      child.stdin.destroy();
      const timer = setTimeout(() => killGroup(child.pid), STOP_WITHIN_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

async function answersReady(port) {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/-/ready`, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

function killGroup(pid) {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It was faster.
  }
}
