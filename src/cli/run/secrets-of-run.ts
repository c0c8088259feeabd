import type { Environment } from "../../core/environment.ts";
import { secretValuesOf } from "../../core/secret-values.ts";
import type { CliContext } from "../context.ts";
import type { PreparedRun } from "./prepare.ts";

/**
 * The values that nothing of a run may show: what has a secret name among the caller's variables, the run's
 * parameters, the variables and outputs of its stages, and in the user's settings. What a stage hands on while the
 * run goes is learnt then.
 */
export function secretsOfRun(
  { workflow, parameters, reused }: PreparedRun,
  ctx: CliContext,
): readonly string[] {
  const { env, settings } = ctx;
  const named: readonly Environment[] = [
    env,
    parameters,
    ...workflow.stages.map((stage) => stage.env),
    ...reused.values(),
    Object.fromEntries(settings.resolved.map(({ key, value }) => [key.key, value])),
    headersOf(settings.otlp.headers ?? ""),
    ...settings.agentCommand.map(flagOf),
  ];
  return [...new Set(named.flatMap(secretValuesOf))];
}

/** `authorization=Basic%20abc,x-api-key=def`, without what is no secret of a header: its scheme. */
function headersOf(text: string): Environment {
  const pairs = text.split(",").map((pair) => /^([^=]+)=(?:.*(?: |%20))?(.*)$/.exec(pair.trim()) ?? []);
  return Object.fromEntries(pairs.map(([, name = "", value]) => [name, value]));
}

/** `--api-key value` and `--api-key=value` as a name with its value; nothing of other words. */
function flagOf(word: string, at: number, words: readonly string[]): Environment {
  const [, name, value = words[at + 1]] = /^--?([\w-]+)(?:=(.*))?$/s.exec(word) ?? [];
  return name === undefined ? {} : { [name]: value };
}
