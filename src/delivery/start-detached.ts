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
export function startDetached(program: string, cwd: string, env: Environment): number | undefined {
  const handle = newHandle();
  if (handle === undefined) return startByModule(program, cwd, env);
  const ignore = { type: "ignore" } as const;
  handle.onexit = () => handle.close();
  const refused = handle.spawn({
    file: process.execPath,
    args: [process.execPath, program],
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

function startByModule(program: string, cwd: string, env: Environment): number | undefined {
  const { spawn } = process.getBuiltinModule("node:child_process");
  const child = spawn(process.execPath, [program], { cwd, detached: true, env, stdio: "ignore" });
  child.on("error", () => undefined);
  child.unref();
  return child.pid;
}
