import { spawn } from "node:child_process";
import type { Environment } from "../core/environment.ts";
import { errorCode, type Failure } from "../core/errors.ts";

export interface SwitchNews {
  readonly persona: string;
  readonly chatmode: string;
  /** `none` at the first. */
  readonly previousPersona: string;
  readonly previousChatmode: string;
}

export interface HookResult {
  /** The program's name, without its arguments: they may hold secrets. */
  readonly program: string;
  readonly failure: Failure | undefined;
}

/** In a hook's environment: what it switches itself runs no hooks. */
export const IN_HOOK = "TTA_PERSONA_HOOK";

/** The end of what a hook says on stderr, to be shown when it fails. */
const TAIL_BYTES = 2000;

/** How long a group may take to end before it is killed. */
const GRACE_MS = 1000;
const LAST_WORDS_MS = 200;

/**
 * Runs the user's own commands after a switch, one after the other. What is news to them is in their environment;
 * nothing is pasted into their words, and no shell reads these.
 *
 * @param commands each a program and its arguments
 */
export async function runHooks(
  commands: readonly (readonly string[])[],
  news: SwitchNews,
  { env, cwd, timeoutMs }: { readonly env: Environment; readonly cwd: string; readonly timeoutMs: number },
): Promise<readonly HookResult[]> {
  const hookEnv = {
    ...env,
    TTA_PERSONA: news.persona,
    TTA_CHATMODE: news.chatmode,
    TTA_PREVIOUS_PERSONA: news.previousPersona,
    TTA_PREVIOUS_CHATMODE: news.previousChatmode,
    [IN_HOOK]: "1",
  };
  const results: HookResult[] = [];
  for (const [program, ...args] of commands) {
    if (program === undefined) continue;
    results.push({ program, failure: await runHook(program, args, { env: hookEnv, cwd, timeoutMs }) });
  }
  return results;
}

function runHook(
  program: string,
  args: readonly string[],
  { env, cwd, timeoutMs }: { readonly env: Environment; readonly cwd: string; readonly timeoutMs: number },
): Promise<Failure | undefined> {
  return new Promise((resolve) => {
    // A group of its own, so that with a hook that is late everything ends that it has started.
    const child = spawn(program, args, { env, cwd, detached: true, stdio: ["ignore", "ignore", "pipe"] });
    let tail = "";
    let isLate = false;
    let killer: NodeJS.Timeout | undefined;
    const timer = setTimeout(() => {
      isLate = true;
      signalGroup(child.pid, "SIGTERM");
      killer = setTimeout(() => signalGroup(child.pid, "SIGKILL"), GRACE_MS);
    }, timeoutMs);
    const settle = (failure: Failure | undefined) => {
      clearTimeout(timer);
      clearTimeout(killer);
      // What goes on in the background holds the pipe, and is not waited for.
      child.stderr.destroy();
      child.unref();
      resolve(failure);
    };
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      tail = (tail + text).slice(-TAIL_BYTES);
    });
    child.stderr.on("error", () => undefined);
    child.on("error", (error) => {
      const code = errorCode(error);
      settle({
        reason: "hook-not-started",
        message:
          code === "ENOENT"
            ? "there is no such program"
            : `it cannot be started (${code ?? "unknown error"})`,
        hint: "See: tta-persona config get apply.onSwitch",
      });
    });
    child.on("exit", (exitCode, signal) => {
      if (isLate) {
        signalGroup(child.pid, "SIGKILL");
        settle({
          reason: "hook-timeout",
          message: `it was ended after ${timeoutMs / 1000} s`,
          hint: "Give it more time by the setting apply.hookTimeout, or have it go on in the background.",
        });
        return;
      }
      if (exitCode === 0) return settle(undefined);
      // Its last words may still be in the pipe, which something in the background may hold open for long.
      const tell = () => {
        const last = tail.trimEnd().split("\n").at(-1) ?? "";
        const how = signal === null ? `exit code ${exitCode}` : `ended by ${signal}`;
        settle({ reason: "hook-failed", message: last === "" ? how : `${how}: ${last}` });
      };
      if (child.stderr.readableEnded) return tell();
      child.stderr.once("end", tell);
      killer = setTimeout(tell, LAST_WORDS_MS);
    });
  });
}

function signalGroup(leader: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (leader !== undefined && leader > 1) process.kill(-leader, signal);
  } catch (error) {
    // It has ended, or become somebody else's.
    if (!["ESRCH", "EPERM"].includes(errorCode(error) ?? "")) throw error;
  }
}
