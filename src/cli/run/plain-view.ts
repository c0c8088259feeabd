import type { Paint } from "../../core/output.ts";
import type { RunObserver } from "../../workflow/engine-context.ts";
import { printable } from "../printable.ts";
import { gateLine, type StageColumns, shortDuration, stageLine } from "./stage-lines.ts";

/** What watches a run for a person. */
export interface RunView extends RunObserver {
  /** Makes way for a question, and comes back. */
  pause(): void;
  resume(): void;
  /** Nothing of it is left on the screen that is not meant to stay. */
  end(): void;
}

/** A line for each stage when it is over; what it printed stays in its log unless it failed. */
export function createPlainView(write: (text: string) => void, columns: StageColumns, paint: Paint): RunView {
  const line = (text: string) => write(`${text}\n`);
  return {
    stageStarted: () => undefined,
    line: () => undefined,
    retrying: (stage, attempt, reason, delayMs) =>
      line(
        `  ${stage.id}: attempt ${attempt} failed (${printable(reason)}); the next one in ${shortDuration(delayMs)}`,
      ),
    fallingBack: (stage, reason) =>
      line(`  ${stage.id}: failed (${printable(reason)}); its fallback is tried`),
    gateChecked: () => undefined,
    stageFinished(outcome) {
      line(stageLine(outcome, columns, paint));
      for (const gate of outcome.gates) {
        if (outcome.result !== "success" || gate.result === "failed") line(gateLine(gate, paint));
      }
    },
    pause: () => undefined,
    resume: () => undefined,
    end: () => undefined,
  };
}

/** For `--json` and `--quiet`. */
export const silentView: RunView = {
  stageStarted: () => undefined,
  line: () => undefined,
  retrying: () => undefined,
  fallingBack: () => undefined,
  gateChecked: () => undefined,
  stageFinished: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
  end: () => undefined,
};
