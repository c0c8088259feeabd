import { basename } from "node:path";
import type { Clock } from "../core/clock.ts";
import type { Environment } from "../core/environment.ts";
import { UserError } from "../core/errors.ts";
import type { Masker } from "../core/mask.ts";
import { randomHex } from "../core/random.ts";
import { baggageFromEnvironment, newSpanIdentity } from "../core/trace-context.ts";
import type { Cancellation } from "./cancellation.ts";
import type { StagePersona } from "./engine-context.ts";
import { type Recorder, RUN_IDLE_TIMEOUT_MS } from "./recorder.ts";
import { type ProcessResult, runProcess } from "./run-process.ts";
import { stageEnvironment } from "./stage-environment.ts";

export interface CommandContext {
  readonly env: Environment;
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly masker: Pick<Masker, "text">;
  readonly cancellation: Cancellation;
  readonly graceMs: number;
  readonly cwd: string;
  /** The command then shares our group: it gets the keyboard's signals anyway, and may take the terminal over. */
  readonly isTerminal: boolean;
  /** Variables of the command alone. */
  readonly extra?: Readonly<Record<string, string>>;
}

/**
 * Runs one command under a persona: a session in a scope of its own around one span. Input and output are the
 * caller's, untouched.
 */
export async function runCommandAs(
  persona: StagePersona,
  chatmode: string,
  [file = "", ...args]: readonly string[],
  context: CommandContext,
): Promise<ProcessResult & { readonly pid: number | undefined }> {
  const { env, clock, recorder, cancellation, isTerminal } = context;
  const startedAt = clock.now();
  const scope = `run:${randomHex(4)}/exec`;
  const identity = newSpanIdentity(env);
  const { name } = persona;
  const session = () => newSpanIdentity(env, identity);
  const environment = stageEnvironment({
    env,
    // A wrapper that takes away what its caller has set would be no wrapper: only what is blocked goes.
    policy: { allowEnvironmentAccess: ["*"], blockList: persona.blockList },
    isSameStage: true,
    parameters: {},
    outputs: {},
    stageEnv: {},
    trace: identity,
    baggage: baggageFromEnvironment(env),
    extra: { ...context.extra, TTA_PERSONA: name, TTA_CHATMODE: chatmode, TTA_SCOPE: scope },
  });
  if (!environment.ok) throw new UserError(environment.error);
  recorder.record("persona.switched", scope, session(), {
    persona: name,
    chatmode,
    startedAt,
    idleTimeoutMs: RUN_IDLE_TIMEOUT_MS,
  });
  const child = runProcess({
    file,
    args,
    cwd: context.cwd,
    env: environment.value,
    stdin: "inherit",
    stdio: "inherit",
    ownGroup: !isTerminal,
    timeoutMs: undefined,
    graceMs: context.graceMs,
    clock,
  });
  const forget = cancellation.onRequest((signal) => child.signal(signal));
  const { pid } = child;
  // A shell would take `TOKEN=… command` for an assignment; here it is a name that there is no program of.
  const started = { executable: context.masker.text(basename(file)), pid: pid ?? 0, startedAt };
  if (pid !== undefined) recorder.record("process.started", scope, identity, started);
  const result = await child.result;
  forget();
  recorder.record("process.finished", scope, identity, {
    ...started,
    exitCode: result.exitCode,
    ...(result.signal === undefined ? {} : { signal: result.signal }),
    ...(result.errorType === undefined ? {} : { errorType: result.errorType }),
  });
  recorder.record("persona.ended", scope, session(), {});
  return { ...result, pid };
}
