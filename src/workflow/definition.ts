/** A workflow as the engine takes it: read, validated, defaults filled in. `schema.ts` describes the file. */
export interface Workflow {
  /** Kebab-case, unique per place. */
  readonly name: string;
  readonly description: string | undefined;
  readonly origin: WorkflowOrigin;
  /** In the order of the file. */
  readonly parameters: readonly Parameter[];
  readonly stages: readonly Stage[];
}

/** Where it was read; `file` is absolute. */
export interface WorkflowOrigin {
  readonly kind: "built-in" | "user" | "project";
  readonly file: string;
}

/** Becomes the flag `--<name>` and the variable `TTA_PARAM_<NAME>`. */
export interface Parameter {
  /** Kebab-case. */
  readonly name: string;
  readonly type: "string" | "semver" | "boolean" | "enum" | "path";
  readonly required: boolean;
  readonly default: string | undefined;
  /** Of an enum; empty otherwise. */
  readonly values: readonly string[];
  readonly description: string | undefined;
}

export interface Stage {
  /** snake_case, unique in its workflow. */
  readonly id: string;
  /** The plain name of a persona. */
  readonly persona: string;
  /** The workflow's name by default. */
  readonly chatmode: string;
  /** Stages that have to succeed, or be skipped by their own condition, before: the previous one by default. */
  readonly needs: readonly string[];
  readonly work: Work;
  /** Done when the work has failed after all attempts; the stage passes when this and its gates do. */
  readonly fallback: Work | undefined;
  /** Values are data: nothing in them is expanded. */
  readonly env: Readonly<Record<string, string>>;
  /** Relative to where the workflow is run. */
  readonly workingDirectory: string | undefined;
  /** For one attempt of its work. */
  readonly timeoutMs: number | undefined;
  readonly retry: Retry;
  /** All have to hold, or the stage is skipped. */
  readonly when: readonly Condition[];
  readonly gates: readonly Gate[];
  /** Keys that it has to hand on through `$TTA_OUTPUT`; it may hand on others. */
  readonly outputs: readonly string[];
}

export type Work =
  /** A shell script: its text, or a file, relative to the workflow's file. */
  | {
      readonly kind: "run";
      readonly script: { readonly text: string } | { readonly file: string };
      readonly shell: "bash" | "sh";
    }
  /** A prompt for the agent CLI of the user's settings (`agent.command`). */
  | { readonly kind: "agent"; readonly prompt: string }
  /** A person confirms each item. */
  | { readonly kind: "manual"; readonly checklist: readonly string[] }
  /** A model is asked; what it answers is the output `answer`. */
  | ({ readonly kind: "llm" } & ModelWork);

export interface ModelWork {
  /** `provider/model`; the user's setting `llm.model` when left out. */
  readonly model: string | undefined;
  /** With variables as `prompt-text.ts` has them. */
  readonly prompt: PromptOrigin;
  /** Instructions behind the persona's, with variables as well. */
  readonly system: string | undefined;
  readonly temperature: number | undefined;
  readonly maxTokens: number | undefined;
  /** The answer has to be JSON that fits: a schema, or the file of one, relative to the workflow's file. */
  readonly schema: { readonly inline: unknown } | { readonly file: string } | undefined;
  /** What it is for, as calls are named by in Langfuse. */
  readonly taskType: string | undefined;
}

export type PromptOrigin =
  | { readonly from: "text"; readonly text: string }
  /** Relative to the workflow's file. */
  | { readonly from: "file"; readonly file: string }
  | {
      readonly from: "langfuse";
      readonly name: string;
      readonly label: string | undefined;
      readonly version: number | undefined;
      /** What it calls its variables, each a text that may hold ours. */
      readonly variables: Readonly<Record<string, string>>;
    };

export interface Retry {
  /** Of the work in all; 1 means no retry. */
  readonly attempts: number;
  readonly delayMs: number;
  readonly backoff: "constant" | "exponential";
  /** Only after these exit codes; any but 0 when empty. */
  readonly exitCodes: readonly number[];
}

/** Where a value comes from: a parameter by name, or an output as `<stage>.<key>`. */
export type ValueRef =
  | { readonly parameter: string }
  | { readonly output: { readonly stage: string; readonly key: string } };

export type Condition =
  | { readonly kind: "value"; readonly ref: ValueRef; readonly equals: string; readonly negated: boolean }
  /** Holds when the script exits with 0. */
  | { readonly kind: "run"; readonly script: string };

export type Gate = GateCheck & {
  /** Unique in its stage. */
  readonly name: string;
};

export type GateCheck =
  /** Passes when the script exits with 0. */
  | { readonly kind: "run"; readonly script: string; readonly timeoutMs: number | undefined }
  | {
      readonly kind: "value";
      readonly source: ValueSource;
      readonly bounds: Bounds;
      /** The gate passes when there is no such value. */
      readonly optional: boolean;
    }
  | {
      readonly kind: "promql";
      readonly query: string;
      /** Of the Prometheus: this text, or a parameter's value. `PROMETHEUS_URL` when left out. */
      readonly url: { readonly text: string } | { readonly parameter: string } | undefined;
      readonly bounds: Bounds;
      /** For how long the value has to hold, without a break. */
      readonly forMs: number;
      /** When the gate has failed unless it has passed. */
      readonly deadlineMs: number;
      readonly intervalMs: number;
    }
  /** A model judges a text; passes from `min` on. */
  | {
      readonly kind: "score";
      readonly criteria: string;
      /** `provider/model`; the user's setting `llm.model` when left out. */
      readonly model: string | undefined;
      /** From 0 to 1. */
      readonly min: number;
      readonly source: TextSource;
      readonly timeoutMs: number;
    };

/** A text that is judged. */
export type TextSource =
  /** Relative to the stage's directory. */
  | { readonly from: "file"; readonly file: string }
  | { readonly from: "log" }
  | { readonly from: "output"; readonly key: string };

export type ValueSource =
  /** A number or text in a JSON file; the path is dotted: `total.lines.pct`. Files are relative to the stage's directory. */
  | { readonly from: "json"; readonly file: string; readonly path: string }
  /** The first group, or the whole match, of a regular expression's last match. */
  | { readonly from: "file"; readonly file: string; readonly pattern: string }
  | { readonly from: "log"; readonly pattern: string }
  /** What the stage itself handed on. */
  | { readonly from: "output"; readonly key: string };

export interface Bounds {
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly equals: string | undefined;
}
