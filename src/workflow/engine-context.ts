import type { Clock } from "../core/clock.ts";
import type { Environment } from "../core/environment.ts";
import type { Home } from "../core/home.ts";
import type { Masker } from "../core/mask.ts";
import type { GateChecked, RunResult } from "../projection/run-facts.ts";
import type { Cancellation } from "./cancellation.ts";
import type { Stage, Workflow } from "./definition.ts";
import type { ModelCaller, PromptSource } from "./model-call.ts";
import type { Recorder } from "./recorder.ts";
import type { Outputs, RunStore } from "./run-store.ts";

/** What a stage needs to know of its persona. */
export interface StagePersona {
  /** The plain name. */
  readonly name: string;
  readonly allowEnvironmentAccess: readonly string[] | undefined;
  /** Of `EnvironmentPolicy`. */
  readonly alsoAllowedBy?: readonly (readonly string[] | undefined)[];
  readonly blockList: readonly string[] | undefined;
  /** For an agent or a model, before the stage's prompt. */
  readonly instructions: string;
}

/** What a person has said of an item; `nobody` where there is none to ask, as in CI. */
export type Confirmation = "yes" | "no" | "nobody";

/** Everything that running a workflow takes from outside. */
export interface EngineContext {
  readonly home: Home;
  readonly env: Environment;
  /** Steady: durations and deadlines go by it. */
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly masker: Masker;
  readonly cancellation: Cancellation;
  readonly observer: RunObserver;
  /** Words of the agent CLI that the user has configured; the prompt comes behind them. Empty: none. */
  readonly agentCommand: readonly string[];
  /** Asks a person; the question ends with `deadline`, whatever its answer is then. */
  readonly confirm: (stage: Stage, item: string, deadline: AbortSignal) => Promise<Confirmation>;
  readonly persona: (name: string) => StagePersona;
  readonly models: ModelCaller;
  readonly prompts: PromptSource;
  /** How long a process may take to end after a signal. */
  readonly graceMs: number;
}

/** One run of a workflow, while it lasts. */
export interface Run {
  readonly workflow: Workflow;
  readonly store: RunStore;
  /** Absolute; where the user started it. */
  readonly cwd: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** Of the stages that have succeeded, by stage. */
  readonly outputs: Map<string, Outputs>;
}

/** Told of everything while it happens. Texts are masked. */
export interface RunObserver {
  stageStarted(stage: Stage): void;
  line(stage: Stage, text: string): void;
  /** An attempt has failed and another follows after `delayMs`. */
  retrying(stage: Stage, attempt: number, reason: string, delayMs: number): void;
  fallingBack(stage: Stage, reason: string): void;
  gateChecked(stage: Stage, gate: GateChecked): void;
  stageFinished(outcome: StageOutcome): void;
}

export interface StageOutcome {
  readonly stage: Stage;
  readonly result: RunResult;
  /** Skipped since something that it needs did not succeed, or the run was over. */
  readonly isBlocked: boolean;
  /** Done in a run before. */
  readonly isReused: boolean;
  readonly attempts: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly outputs: Outputs;
  readonly gates: readonly GateChecked[];
  /** Why it did not succeed; masked. */
  readonly error: { readonly type: string; readonly message: string } | undefined;
  /** The last lines that it printed; masked. */
  readonly tail: readonly string[];
}
