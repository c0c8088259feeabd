import fs from "node:fs";
import { readSettings } from "../config/settings.ts";
import { monotonicClock, systemClock } from "../core/clock.ts";
import { type Environment, readEnvironment } from "../core/environment.ts";
import { errorCode } from "../core/errors.ts";
import { type Home, resolveHome } from "../core/home.ts";
import { isTerminal, writeText } from "../core/output.ts";
import { pause } from "../core/pause.ts";
import { keepStdin } from "../core/stdin-kept.ts";
import { version } from "../core/version.ts";
import { findActive } from "./active-persona.ts";
import { type ActivePersona, answerRequest, directoriesOf, type GuardAnswer, refusal } from "./guard.ts";
import { MAX_REQUEST_BYTES, readRequest } from "./request.ts";

/**
 * `tta-persona guard`, without an option: reads a request from standard input and answers it, with `node:fs` and
 * our own few modules alone.
 *
 * @returns the exit code, or undefined when the full program has to decide; it finds the request kept for it.
 */
export function runHot(argv: readonly string[]): number | undefined {
  if (argv.length !== 1 || isTerminal(0)) return undefined;
  let text = "";
  try {
    const read = readStdin();
    const env = readEnvironment();
    const home = resolveHome(env, process.platform);
    text = read ?? "";
    const answer =
      read === undefined ? refusal(UNREADABLE) : home.ok ? decide(read, home.value, env) : undefined;
    if (answer !== undefined) {
      writeText(2, answer.stderr);
      writeText(1, answer.stdout);
      return answer.exitCode;
    }
  } catch {
    // The full program finds out what is wrong, and says so.
  }
  keepStdin(text);
  return undefined;
}

const UNREADABLE = "it is too long, or cannot be read";

/** @returns undefined where the full program has to decide. */
function decide(text: string, home: Home, env: Environment): GuardAnswer | undefined {
  const workingDirectory = process.cwd();
  const request = readRequest(text, workingDirectory);
  if (!request.ok) return refusal(request.error);
  const directories = directoriesOf(request.value, env, workingDirectory);
  const actives: ActivePersona[] = [];
  for (const directory of directories) {
    const active = findActive(directory, home, env, systemClock.now());
    if (active === undefined) return undefined;
    if (active !== "none") actives.push(active);
  }
  // What else is wrong with the settings has no part in a decision.
  const { segmentBytes } = readSettings(home.configFile, env);
  return answerRequest(request.value, directories, actives, {
    home,
    env,
    clock: systemClock,
    monotonic: monotonicClock,
    version,
    segmentBytes,
  });
}

/** @returns undefined where it is too long or cannot be read. */
function readStdin(): string | undefined {
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(65_536);
    try {
      const count = fs.readSync(0, chunk, 0, chunk.length, null);
      if (count === 0) return Buffer.concat(chunks).toString("utf8");
      total += count;
      if (total > MAX_REQUEST_BYTES) return undefined;
      chunks.push(chunk.subarray(0, count));
    } catch (error) {
      if (errorCode(error) === "EOF") return Buffer.concat(chunks).toString("utf8");
      if (errorCode(error) !== "EAGAIN") return undefined;
      // A pipe that does not block, and nothing in it yet.
      pause(2);
    }
  }
}
