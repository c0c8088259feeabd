/** Longest name of a workflow, stage, gate or parameter; most become label values and parts of file names. */
export const MAX_NAME_LENGTH = 64;

/** Label values above the series ceiling are counted under this one. */
export const RESERVED_NAME = "other";

export const KEBAB_CASE = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
export const SNAKE_CASE = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/;

/** Each word begins with a letter, so that no two names are the same in camel case. */
export const PARAMETER_NAME = /^[a-z][a-z0-9]*(?:-[a-z][a-z0-9]*)*$/;

/** The output that a model's answer is. */
export const ANSWER = "answer";

export const OUTPUT_KEY = /^[a-z][a-z0-9_]*$/;

export function isOutputKey(text: string): boolean {
  return text.length <= MAX_NAME_LENGTH && OUTPUT_KEY.test(text);
}

export function isWorkflowName(text: string): boolean {
  return text.length <= MAX_NAME_LENGTH && KEBAB_CASE.test(text) && text !== RESERVED_NAME;
}

/** Flags that `run` has itself, and what commander makes of a negated one. */
const RUN_FLAGS: readonly string[] = [
  "dry-run",
  "from",
  "resume",
  "max-parallel",
  "yes",
  "json",
  "quiet",
  "color",
  "help",
];

/** Whether `--<name>` is free, and `--no-<name>` as well. */
export function isFreeFlag(name: string): boolean {
  return !RUN_FLAGS.includes(name) && !name.startsWith("no-");
}

/** As a parsed command line has it: `max-parallel` is `maxParallel`. */
export function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The variable in which a parameter reaches a script. */
export function parameterVariable(name: string): string {
  return `TTA_PARAM_${name.toUpperCase().replaceAll("-", "_")}`;
}

/** The variable in which what a stage handed on reaches the scripts after it. */
export function outputVariable(stage: string, key: string): string {
  return `TTA_OUTPUT_${stage.toUpperCase()}_${key.toUpperCase()}`;
}
