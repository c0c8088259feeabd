import type { GateRecord } from "../../projection/runs.ts";
import type { RunsShowJson } from "../run-shapes.ts";

/** A gate's result as `run` and `runs show` print it. */
export function gateJson({
  gate,
  kind,
  result,
  detail,
  score,
}: GateRecord): RunsShowJson["stages"][number]["gates"][number] {
  return { gate, kind, result, detail, score: score ?? null };
}
