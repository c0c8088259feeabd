import fs from "node:fs";
import { type Environment, envFlag, envValue } from "./environment.ts";
import { pause } from "./pause.ts";

/**
 * Ways to set a word off. Plain where colours are not wanted. Only such of the terminal's own colours as can be read on
 * a dark and on a light background: no white, no yellow, no cyan, nothing bright. None says what the text does not.
 */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  magenta(text: string): string;
}

const plain = (text: string) => text;

export const plainPaint: Paint = {
  bold: plain,
  dim: plain,
  red: plain,
  green: plain,
  magenta: plain,
};

const sgr = (open: number, close: number) => (text: string) => `\u001b[${open}m${text}\u001b[${close}m`;

/** The few codes that hot commands need; they may not load chalk, which says the same in the others. */
export const ansiPaint: Paint = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  red: sgr(31, 39),
  green: sgr(32, 39),
  magenta: sgr(35, 39),
};

/** https://no-color.org; `FORCE_COLOR` as chalk and Node read it; else a terminal that is not dumb. */
export function wantsColor(env: Environment, fd: number): boolean {
  if (envValue(env, "NO_COLOR") !== undefined) return false;
  if (envValue(env, "FORCE_COLOR") !== undefined) return envFlag(env, "FORCE_COLOR");
  return env.TERM !== "dumb" && isTerminal(fd);
}

/** A character device other than /dev/null. `node:tty` would cost four milliseconds to say the same. */
export function isTerminal(fd: number): boolean {
  try {
    const stat = fs.fstatSync(fd);
    return stat.isCharacterDevice() && stat.rdev !== fs.statSync("/dev/null").rdev;
  } catch {
    return false;
  }
}

/**
 * Writes all of a text, waiting where a pipe is full. A reader that has gone (`| head`) is no error.
 *
 * @throws the system's error for anything else, such as a full disk behind a redirection.
 */
export function writeText(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  let written = 0;
  while (written < bytes.length) {
    try {
      written += fs.writeSync(fd, bytes, written, bytes.length - written);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "EPIPE") return;
      if (code !== "EAGAIN") throw error;
      pause(5);
    }
  }
}
