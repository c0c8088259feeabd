import { randomBytes } from "node:crypto";
import { appendFileSync } from "node:fs";

/**
 * A parameter of the workflow, as the user gave it.
 *
 * @param {string} name as the flag has it: `dry-run`.
 * @returns {string | undefined} undefined when it has no value.
 */
export function parameter(name) {
  return process.env[`TTA_PARAM_${name.toUpperCase().replaceAll("-", "_")}`];
}

/**
 * The command that goes on with this run, also when others were begun meanwhile.
 *
 * @param {string} [from] the stage to begin with; where it stopped by default.
 */
export function resumeCommand(from) {
  const id = process.env.TTA_RUN_ID ?? "";
  return `${resumeLatestCommand()} ${id}${from === undefined ? "" : ` --from ${from}`}`.trimEnd();
}

/** The command that goes on with the run before this one. */
export function resumeLatestCommand() {
  return `tta-persona run ${process.env.TTA_WORKFLOW ?? "package-release"} --resume`;
}

/**
 * Hands values on to later stages. A value may have any number of lines.
 *
 * @param {Readonly<Record<string, string | number | undefined>>} values undefined is left out.
 */
export function handOn(values) {
  const file = process.env.TTA_OUTPUT;
  if (file === undefined) return;
  const present = Object.entries(values).filter(([, value]) => value !== undefined);
  appendFileSync(file, present.map(([key, value]) => pair(key, String(value))).join(""));
}

function pair(key, value) {
  if (!/[\r\n]/.test(value)) return `${key}=${value}\n`;
  // A delimiter that nobody can have written into the value.
  const delimiter = `END_${randomBytes(8).toString("hex")}`;
  return `${key}<<${delimiter}\n${value}\n${delimiter}\n`;
}
