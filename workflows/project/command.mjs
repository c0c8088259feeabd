import { spawn } from "node:child_process";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";

const TURN_MS = 5;

/** Without a byte for so many turns, a pipe that is still open holds nothing more of the program. */
const QUIET_TURNS = 20;

/** What the program left behind may go on writing for ever. */
const MOST_TURNS = 400;

/** What a person can mend: printed without a stack, and it ends the script with `exitCode`. */
export class Failure extends Error {
  /**
   * @param {string} message what was wrong, where, and what to do.
   * @param {number} [exitCode]
   */
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * Runs a program to its end, its output going on to ours as it comes. What it leaves in the background is not
 * waited for. Arguments are never seen by a shell.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {object} [options]
 * @param {string} [options.cwd]
 * @param {Readonly<Record<string, string>>} [options.env] added to ours.
 * @param {string} [options.input] its standard input; nothing by default.
 * @param {boolean} [options.quiet] keeps its output to the caller.
 * @param {number} [options.timeoutMs] when it is killed.
 * @returns {Promise<{ code: number, stdout: string, stderr: string }>} `code` is 127 when there is no such
 *   program and 128 when a signal ended it.
 */
export function run(program, args, { cwd, env, input, quiet = false, timeoutMs } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    const text = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"]) {
      child[name].setEncoding("utf8").on("data", (chunk) => {
        text[name] += chunk;
        if (!quiet) process[name].write(chunk);
      });
    }
    child.stdin?.on("error", () => {}).end(input);
    child.on("error", (error) => {
      if (error.code === "ENOENT") resolve({ code: 127, ...text });
      else reject(error);
    });
    // Not at `close`: a process that it left in the background may hold its pipes open for as long as it runs.
    child.on("exit", async (code) => {
      await drained([child.stdout, child.stderr]);
      resolve({ code: code ?? 128, ...text });
    });
  });
}

/**
 * Takes what the pipes of an ended program still hold, and closes them: at their end or, where another process has
 * them open, when nothing has come for a moment. Counts turns of the event loop, in each of which some of it is
 * read.
 *
 * @param {readonly import("node:stream").Readable[]} pipes
 */
async function drained(pipes) {
  let hasCome = false;
  for (const pipe of pipes) {
    pipe.on("data", () => {
      hasCome = true;
    });
  }
  let quiet = 0;
  for (let turn = 0; turn < MOST_TURNS && quiet < QUIET_TURNS; turn++) {
    if (pipes.every((pipe) => pipe.readableEnded || pipe.destroyed)) break;
    hasCome = false;
    await sleep(TURN_MS);
    // Timers come before input in a turn.
    await nextTurn();
    quiet = hasCome ? 0 : quiet + 1;
  }
  for (const pipe of pipes) pipe.destroy();
}

/**
 * The output of a program that has to succeed, without the line break at its end.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {Parameters<typeof run>[2]} [options]
 * @returns {Promise<string>}
 */
export async function capture(program, args, options) {
  const { code, stdout, stderr } = await run(program, args, { ...options, quiet: true });
  if (code === 0) return stdout.replace(/\r?\n$/, "");
  throw new Failure(`${program} ${args[0]} failed: ${stderr.trim() || `exit code ${code}`}`);
}

/**
 * Runs a program that has to succeed.
 *
 * @param {string} what names it in the error: "The tests".
 * @param {string} program
 * @param {readonly string[]} args
 * @param {Parameters<typeof run>[2]} [options]
 */
export async function must(what, program, args, options) {
  print(`$ ${[program, ...args].join(" ")}`);
  const result = await run(program, args, options);
  if (result.code !== 0) throw new Failure(`${what} failed: ${program} ended with exit code ${result.code}.`);
  return result;
}

/** @param {string} line */
export function print(line) {
  process.stdout.write(`${line}\n`);
}

/**
 * A script's main function: failures are said on standard error and become the exit code.
 *
 * @param {() => Promise<void>} main
 */
export async function runMain(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}
