// Not execa: that signals one process, and a stage is a group of them.
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { constants } from "node:os";
import type { Clock } from "../core/clock.ts";
import type { Environment } from "../core/environment.ts";
import { errorCode } from "../core/errors.ts";
import { drained } from "./drain.ts";
import { endGroup, GRACE_MS, signalGroup, signalProcess } from "./process-group.ts";

export type OutputStream = "stdout" | "stderr";

export interface ProcessRequest {
  /** Looked up in the `PATH` of `env` unless it holds a slash. */
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** All of the process's environment. */
  readonly env: Environment;
  /** `onOutput` is called for each chunk, and the pipe is read no further until it returns. */
  readonly stdio: "inherit" | { onOutput(stream: OutputStream, chunk: Buffer): void };
  readonly stdin: "ignore" | "inherit";
  /** Its own session and group: signals reach all of it, and nothing of it is left behind. Not at a terminal. */
  readonly ownGroup: boolean;
  readonly timeoutMs?: number | undefined;
  /** From the first signal to KILL; 5 s by default. */
  readonly graceMs?: number | undefined;
  readonly clock: Clock;
}

export interface RunningProcess {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  /** Never rejects: what could not be started is a result as well. */
  readonly result: Promise<ProcessResult>;
  /**
   * Sends a signal, once, to the group or the process. One that asks it to end (INT, TERM, HUP, QUIT, KILL) makes the result a
   * cancelled one, and KILL follows after the grace period.
   */
  signal(name: NodeJS.Signals): void;
}

export interface ProcessResult {
  /** As a shell has it: 128 + n on signal n, 127 when there is no such program, 126 when it may not be run. */
  readonly exitCode: number;
  /** The one that ended it. */
  readonly signal?: NodeJS.Signals;
  /**
   * `timeout`, `cancelled`, the signal's name, the exit code as text, or the code of the error that kept it from
   * being started. Absent when it ended with 0 by itself.
   */
  readonly errorType?: string;
  readonly timedOut: boolean;
  readonly cancelled: boolean;
  /** Milliseconds since the epoch; the end is that of the process, whatever it has left behind. */
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Signals that ask a process to end. */
const ENDING: readonly string[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGKILL"];

/** The longest that a timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Runs a program. The result comes when the program has ended, what its pipes still held has been handed on, and
 * nothing of its group runs any more: whatever it has left in the background gets TERM, then KILL.
 */
export function runProcess(request: ProcessRequest): RunningProcess {
  const { clock, ownGroup, graceMs = GRACE_MS } = request;
  const startedAt = clock.now();
  const started = start(request);
  if (typeof started === "string") return neverStarted(Promise.resolve(started), request, startedAt);
  const { pid } = started;
  if (pid === undefined) return neverStarted(spawnError(started), request, startedAt);

  const ending = { timedOut: false, cancelled: false };
  /** When KILL is due, by `performance.now()`; undefined while nothing has asked it to end. */
  let killAt: number | undefined;
  let lastSignal: NodeJS.Signals | undefined;
  let hasEnded = false;
  /** Its pid may be another process's from here on. */
  let isOver = false;
  let killTimer: NodeJS.Timeout | undefined;

  const send = (name: NodeJS.Signals) => {
    if (!isOver) (ownGroup ? signalGroup : signalProcess)(pid, name);
  };
  const askToEnd = (name: NodeJS.Signals) => {
    lastSignal = name;
    send(name);
    // One that is stopped does not hear it before.
    send("SIGCONT");
    if (killAt !== undefined || hasEnded) return;
    killAt = performance.now() + graceMs;
    killTimer = setTimeout(() => send("SIGKILL"), graceMs);
  };
  const timeout =
    request.timeoutMs === undefined
      ? undefined
      : setTimeout(
          () => {
            ending.timedOut = true;
            askToEnd("SIGTERM");
          },
          Math.min(request.timeoutMs, MAX_TIMER_MS),
        );

  const result = async (): Promise<ProcessResult> => {
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
      started.once("exit", (...how) => resolve(how));
    });
    hasEnded = true;
    isOver = !ownGroup;
    const endedAt = clock.now();
    clearTimeout(timeout);
    clearTimeout(killTimer);
    if (ownGroup) {
      // What was told to end gets no second signal, which many programs take for "at once". A shell's background
      // jobs do not hear INT and QUIT, though.
      const wasTold = lastSignal !== undefined && lastSignal !== "SIGINT" && lastSignal !== "SIGQUIT";
      const leftMs = killAt === undefined ? graceMs : Math.max(0, killAt - performance.now());
      await endGroup(pid, leftMs, !wasTold);
    }
    isOver = true;
    await drained([started.stdout, started.stderr]);
    const exitCode = signal === null ? (code ?? 0) : 128 + constants.signals[signal];
    return {
      exitCode,
      ...(signal === null ? {} : { signal }),
      ...errorTypeOf(exitCode, signal, ending),
      ...ending,
      startedAt,
      endedAt,
    };
  };

  return {
    pid,
    result: result(),
    signal(name) {
      if (!ENDING.includes(name)) return void send(name);
      if (!hasEnded && !ending.timedOut) ending.cancelled = true;
      // It would be a second signal.
      clearTimeout(timeout);
      askToEnd(name);
    },
  };
}

function start(request: ProcessRequest): ChildProcess | string {
  const { file, args, cwd, env, stdio, stdin, ownGroup } = request;
  const output = stdio === "inherit" ? "inherit" : "pipe";
  const options: StdioOptions = [stdin, output, output];
  let child: ChildProcess;
  try {
    child = spawn(file, args, { cwd, env, stdio: options, detached: ownGroup, windowsHide: true });
  } catch (error) {
    // Some errors of the system (E2BIG, ENOTDIR), and a NUL byte in an argument.
    return errorCode(error) ?? "spawn";
  }
  if (stdio !== "inherit") {
    // Missing when there were no descriptors left for them.
    child.stdout?.on("data", (chunk: Buffer) => stdio.onOutput("stdout", chunk));
    child.stderr?.on("data", (chunk: Buffer) => stdio.onOutput("stderr", chunk));
    // What was read until then is all there is.
    for (const pipe of [child.stdout, child.stderr]) pipe?.on("error", () => undefined);
  }
  return child;
}

function spawnError(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(errorCode(error) ?? "spawn"));
  });
}

function neverStarted(code: Promise<string>, { clock }: ProcessRequest, startedAt: number): RunningProcess {
  return {
    pid: undefined,
    result: code.then((errorType) => ({
      exitCode: errorType === "ENOENT" ? 127 : 126,
      errorType,
      timedOut: false,
      cancelled: false,
      startedAt,
      endedAt: clock.now(),
    })),
    signal: () => undefined,
  };
}

function errorTypeOf(
  exitCode: number,
  signal: NodeJS.Signals | null,
  ending: { readonly timedOut: boolean; readonly cancelled: boolean },
): { readonly errorType?: string } {
  if (ending.timedOut) return { errorType: "timeout" };
  if (ending.cancelled) return { errorType: "cancelled" };
  if (signal !== null) return { errorType: signal };
  return exitCode === 0 ? {} : { errorType: String(exitCode) };
}
