import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { processesOfHome } from "./processes-of-home.ts";
import { waitFor } from "./wait-for.ts";

export interface RunOptions {
  /** On top of the sealed environment; undefined takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Nothing (an empty file) when left out; `open` leaves it to the test to write, and to end it. */
  readonly stdin?: string | Buffer | { readonly open: true };
  /** The sandbox's project directory when left out. */
  readonly cwd?: string;
  /** 120 s by default; a run that takes longer is killed and rejects. */
  readonly timeoutMs?: number;
  /** Arguments of Node itself, such as `--require`; unlike NODE_OPTIONS they do not reach child processes. */
  readonly nodeArgs?: readonly string[];
}

export interface RunResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Until the process is gone and its standard output and error are closed. */
  readonly durationMs: number;
}

export interface RunningBinary {
  readonly child: ChildProcessWithoutNullStreams;
  /** What was printed so far. */
  stdout(): string;
  stderr(): string;
  readonly result: Promise<RunResult>;
}

/** Directories of one test's own, in which the built program runs in a sealed environment. */
export interface Sandbox {
  /** TTA_PERSONA_HOME. */
  readonly home: string;
  /** HOME. */
  readonly userHome: string;
  /** The working directory of the runs. */
  readonly project: string;
  /** What every run sees, but for its own `env`. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs the launcher, as users do. */
  run(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Runs the complete program without the launcher's short cuts. */
  runCold(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Runs it on a terminal (util-linux `script`); stdout is every byte the terminal got. Colours are allowed. */
  runTty(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Starts it and leaves it running; killed by `dispose`. */
  spawn(args: readonly string[], options?: RunOptions): RunningBinary;
  /** Likewise on a terminal, as `runTty`; what is written to its standard input is typed. */
  spawnTty(args: readonly string[], options?: RunOptions): RunningBinary;
  /** Ids of living processes that work on this home: deliverers left behind, commands still running. */
  processes(): readonly number[];
  /** Kills what is left and removes the directories. */
  dispose(): Promise<void>;
}

export const repositoryRoot = fileURLToPath(new URL("../..", import.meta.url));
const LAUNCHER = join(repositoryRoot, "bin", "tta-persona.cjs");
const COLD_ENTRY = join(repositoryRoot, "dist", "cli.cjs");

export interface SandboxOptions {
  /** The script that `run` starts; `bin/tta-persona.cjs` of this repository when left out. */
  readonly launcher?: string;
}

export function createSandbox({ launcher = LAUNCHER }: SandboxOptions = {}): Sandbox {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "tta-persona-test-")));
  const directory = (name: string) => {
    mkdirSync(join(root, name));
    return join(root, name);
  };
  const userHome = directory("user");
  const project = directory("project");
  // The program itself makes its home, with the modes it wants.
  const home = join(root, "home");
  const env = {
    PATH: process.env.PATH ?? "",
    HOME: userHome,
    TTA_PERSONA_HOME: home,
    NO_COLOR: "1",
    TZ: "UTC",
    TMPDIR: directory("tmp"),
    // A delivery in the foreground takes what it takes; tests of its deadline say what that is.
    TTA_PERSONA_DELIVERY_TIMEOUT: "60s",
  };
  const children = new Set<RunningBinary["child"]>();

  function start(command: string, args: readonly string[], options: RunOptions, env: RunOptions["env"]) {
    const running = startProcess(command, args, {
      cwd: project,
      ...options,
      env: { ...env, ...options.env },
    });
    children.add(running.child);
    running.child.on("close", () => children.delete(running.child));
    return running;
  }
  const startNode = (entry: string, args: readonly string[], options: RunOptions) =>
    start(process.execPath, [...(options.nodeArgs ?? []), built(entry), ...args], options, env);

  function startOnTerminal(args: readonly string[], options: RunOptions) {
    const command = [process.execPath, ...(options.nodeArgs ?? []), built(launcher), ...args].map(quote);
    // `exec`, or Ctrl-C would end the shell in between as well, whatever the program makes of it.
    const terminal = { TERM: "xterm-256color", SHELL: "/bin/sh", NO_COLOR: undefined };
    return start("script", ["-qec", `exec ${command.join(" ")}`, "/dev/null"], options, {
      ...env,
      ...terminal,
    });
  }

  return {
    home,
    userHome,
    project,
    env,
    run: (args, options = {}) => withDeadline(startNode(launcher, args, options), args, options),
    runCold: (args, options = {}) => withDeadline(startNode(COLD_ENTRY, args, options), args, options),
    runTty: (args, options = {}) => withDeadline(startOnTerminal(args, options), args, options),
    spawn: (args, options = {}) => startNode(launcher, args, options),
    spawnTty: (args, options = {}) => startOnTerminal(args, options),
    processes: () => processesOfHome(home),
    async dispose() {
      for (const child of children) child.kill("SIGKILL");
      // A killed command may have spawned a deliverer a moment before.
      await waitFor(
        () => {
          const left = processesOfHome(home);
          for (const pid of left) kill(pid);
          return left.length === 0 && children.size === 0;
        },
        { what: "leftover processes to die" },
      );
      rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function built(entry: string): string {
  if (!existsSync(entry)) throw new Error(`${entry} is missing: run "npm run build" first`);
  return entry;
}

function startProcess(
  command: string,
  args: readonly string[],
  options: RunOptions & { cwd: string },
): RunningBinary {
  const env = Object.fromEntries(
    Object.entries(options.env ?? {}).filter(([, value]) => value !== undefined),
  );
  const startedMs = performance.now();
  const child = spawn(command, args, { cwd: options.cwd, env });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
    });
  }
  // A program that does not read its input closes the pipe early: not the test's concern.
  child.stdin.on("error", () => {});
  const { stdin = "" } = options;
  if (typeof stdin === "string" || Buffer.isBuffer(stdin)) child.stdin.end(stdin);
  const result = new Promise<RunResult>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      resolve({ code, signal, ...output, durationMs: performance.now() - startedMs });
    });
  });
  return { child, stdout: () => output.stdout, stderr: () => output.stderr, result };
}

async function withDeadline(
  running: RunningBinary,
  args: readonly string[],
  { timeoutMs = 120_000 }: RunOptions,
): Promise<RunResult> {
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    running.child.kill("SIGKILL");
    // Grandchildren that hold the pipes must not keep the test waiting.
    running.child.stdout.destroy();
    running.child.stderr.destroy();
  }, timeoutMs);
  const result = await running.result.finally(() => clearTimeout(timer));
  if (isLate) {
    throw new Error(
      `tta-persona ${args.join(" ")}: not over after ${timeoutMs} ms\n${result.stdout}\n${result.stderr}`,
    );
  }
  return result;
}

function kill(pid: number) {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It was faster.
  }
}

function quote(argument: string): string {
  return `'${argument.replaceAll("'", "'\\''")}'`;
}
