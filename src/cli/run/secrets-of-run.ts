import type { Environment } from "../../core/environment.ts";
import { secretValuesOf } from "../../core/secret-values.ts";
import type { CliContext } from "../context.ts";
import { secretsOfUser } from "../masking.ts";
import type { PreparedRun } from "./prepare.ts";

/**
 * The values that nothing of a run may show: what has a secret name among the caller's variables and settings, the
 * run's parameters, the variables and outputs of its stages. What a stage hands on while the run goes is learnt then.
 */
export function secretsOfRun(
  { workflow, parameters, reused }: PreparedRun,
  ctx: CliContext,
): readonly string[] {
  const named: readonly Environment[] = [
    parameters,
    ...workflow.stages.map((stage) => stage.env),
    ...reused.values(),
  ];
  return [...new Set([...secretsOfUser(ctx), ...named.flatMap(secretValuesOf)])];
}
