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
