import type { Environment } from "../core/environment.ts";

/** What `node:child_process` itself starts processes with; Node's types leave it out. */
interface ProcessHandle {
  onexit: () => void;
  readonly pid: number;
  spawn(options: {
    readonly file: string;
    readonly args: readonly string[];
    readonly cwd: string;
    readonly detached: true;
    readonly envPairs: readonly string[];
    readonly stdio: readonly { readonly type: "ignore" }[];
  }): number;
  unref(): void;
  close(): void;
}

/**
 * `soon`: a tenth of a second later, for a caller that is about to end. Two that start and end at once share two
 * processors badly: the caller, whom a person waits for, would take an eighth longer.
 */
type Start = "now" | "soon";

/**
 * Starts a Node.js program that outlives this process and has no standard input or output.
 *
 * On Node.js 20 by the binding beneath `node:child_process`: that module loads a dozen others, for pipes, streams and
 * sockets, which nothing here needs and which take 3 ms of the 9 that a switch has when it starts the deliverer. That
 * line of Node.js gets no more releases, so its binding stays as it is; that of 24.21 takes other arguments, and
 * aborts the process on these.
 *
 * @param env passed on whole; what is undefined is left out.
 * @returns its pid; undefined where the system refuses, being out of processes or memory.
 */
export function startDetached(
  program: string,
  cwd: string,
  env: Environment,
  start: Start,
): number | undefined {
  const node = [process.execPath, program];
  // Where there is no shell, or its `sleep` knows whole seconds only, it starts at once.
  const pid =
    start === "soon" ? spawn(["/bin/sh", "-c", 'sleep 0.1; exec "$0" "$@"', ...node], cwd, env) : undefined;
  return pid ?? spawn(node, cwd, env);
}

function spawn(command: readonly string[], cwd: string, env: Environment): number | undefined {
  const [file = "", ...args] = command;
  const handle = newHandle();
  if (handle === undefined) return spawnByModule(file, args, cwd, env);
  const ignore = { type: "ignore" } as const;
  handle.onexit = () => handle.close();
  const refused = handle.spawn({
    file,
    args: command,
    cwd,
    detached: true,
    envPairs: Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : `${name}=${value}`)),
    // Anything but `ignore` would make `$(tta-persona …)` wait for it.
    stdio: [ignore, ignore, ignore],
  });
  if (refused !== 0) return undefined;
  handle.unref();
  return handle.pid;
}

function newHandle(): ProcessHandle | undefined {
  if (!process.version.startsWith("v20.")) return undefined;
  try {
    const { binding } = process as unknown as {
      binding(name: "process_wrap"): { readonly Process: new () => ProcessHandle };
    };
    return new (binding("process_wrap").Process)();
  } catch {
    // Its permission model hides it.
    return undefined;
  }
}

function spawnByModule(
  file: string,
  args: readonly string[],
  cwd: string,
  env: Environment,
): number | undefined {
  const child = process
    .getBuiltinModule("node:child_process")
    .spawn(file, args, { cwd, detached: true, env, stdio: "ignore" });
  child.on("error", () => undefined);
  child.unref();
  return child.pid;
}
