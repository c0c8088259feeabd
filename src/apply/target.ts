import type { Failure } from "../core/errors.ts";
import type { Result } from "../core/result.ts";
import type { ClientPlaces } from "./places.ts";

/** What the files of agents are written from: a persona's name is enough for some, a definition for others. */
export interface AppliedPersona {
  /** The plain name. */
  readonly name: string;
  readonly chatmode: string;
  /** Writes it as an agent of another tool; undefined where its definition is not to be found here. */
  readonly writeAgent: ((format: AgentFormat) => Result<string, AgentProblem>) | undefined;
}

/** As `persona export --format` names them. */
export type AgentFormat = "claude-code" | "copilot";

/** Why the tool's own rules rule a persona out. */
export interface AgentProblem {
  readonly message: string;
  readonly hint: string;
}

/** A place where a switch becomes real. Another one is one more file that makes a `Target`. */
export interface Target {
  /** As `apply.targets` and `--client` name it. */
  readonly client: string;
  readonly doc: string;
  /** How the tool takes a change in. */
  readonly reload: string;
  /** What would have to become of its files. Writes nothing. */
  plan(persona: AppliedPersona, context: PlanContext): readonly FilePlan[];
  /** Whether it edits entries that are Hypertool's already, so that it may be enabled without being named. */
  readonly isHypertool: boolean;
}

export interface PlanContext extends ClientPlaces {
  /** Names of servers that are Hypertool's, whatever they are started with. */
  readonly serverNames: readonly string[];
  /** Reads a file as it will be after what was planned before. */
  readonly read: (file: string) => FileContent;
}

/** What one file needs. `file` is its path as it was found, links not resolved. */
export type FilePlan =
  | { readonly kind: "change"; readonly file: string; readonly edit: FileEdit }
  | { readonly kind: "already"; readonly file: string }
  /** Nothing to do, and why. */
  | {
      readonly kind: "skipped";
      readonly file: string | null;
      readonly reason: string;
      readonly message: string;
    }
  /** It cannot be brought to the persona; nothing at all is written then. */
  | { readonly kind: "refused"; readonly file: string; readonly failure: Failure };

export interface FileEdit {
  /** Where its bytes really are, links resolved. */
  readonly path: string;
  /** Undefined: it is not there yet. */
  readonly before: Buffer | undefined;
  /** Undefined: it is to be removed. */
  readonly after: Buffer | undefined;
  /** Permission bits. */
  readonly mode: number;
}

/** What was found at a path. */
export type FileContent =
  | { readonly kind: "missing" }
  | { readonly kind: "unusable"; readonly failure: Failure }
  | { readonly kind: "file"; readonly path: string; readonly bytes: Buffer; readonly mode: number };
