/** The exit codes of the contract. A wrapped command's own code and 128+n on a signal come on top. */
export const ExitCode = {
  done: 0,
  failed: 1,
  usage: 2,
  noPersona: 3,
  budget: 4,
  bug: 70,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** What a user is told about a failure: what was wrong and where, and what to do about it. */
export interface Failure {
  /** Stable, kebab-case; scripts may depend on it. */
  readonly reason: string;
  /** One line: what was wrong, and where. Never holds a secret. */
  readonly message: string;
  /** One line: what to do. */
  readonly hint?: string;
}

/** The one error that is caught at the top and shown as a message; anything else thrown is a bug. */
export class UserError extends Error implements Failure {
  readonly reason: string;
  readonly hint?: string;
  readonly exitCode: ExitCode;

  constructor(failure: Failure, exitCode: ExitCode = ExitCode.usage) {
    super(failure.message);
    this.name = "UserError";
    this.reason = failure.reason;
    if (failure.hint !== undefined) this.hint = failure.hint;
    this.exitCode = exitCode;
  }
}

/** The `code` of what the operating system refused; undefined for Node's own errors and anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  return typeof (error as { errno?: unknown } | null)?.errno === "number" ? errorCode(error) : undefined;
}

/** The `code` of a Node system error (`ENOSPC`, `EACCES` …), or undefined for anything else. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? code : undefined;
}
