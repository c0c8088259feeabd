import { type Environment, envValue } from "../core/environment.ts";

/** Under whom and where a call is made. */
export interface CallPlace {
  readonly persona: string;
  readonly chatmode: string;
  /** Of the session that it belongs to. */
  readonly scope: string;
  /** Absent outside of runs. */
  readonly run?: { readonly workflow: string; readonly runId: string; readonly stage: string };
}

const NAME = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const STAGE = /^[a-z][a-z0-9_]*$/;

/**
 * The place that a stage, or a command under `exec`, hands to its processes: persona, chatmode and scope, which count
 * only together. Undefined where there is none, or somebody has set one of them to something else.
 */
export function placeFromEnvironment(env: Environment): CallPlace | undefined {
  const persona = envValue(env, "TTA_PERSONA");
  const chatmode = envValue(env, "TTA_CHATMODE");
  const scope = envValue(env, "TTA_SCOPE");
  if (!isName(persona) || !isName(chatmode) || scope === undefined) return undefined;
  if (!/^run:[a-z0-9-]{1,100}\/[a-z0-9_-]{1,100}$/.test(scope)) return undefined;
  const run = runFromEnvironment(env);
  return { persona, chatmode, scope, ...(run === undefined ? {} : { run }) };
}

/** The run and the stage that this process was started by, at whatever depth. */
function runFromEnvironment(env: Environment): CallPlace["run"] | undefined {
  const workflow = envValue(env, "TTA_WORKFLOW");
  const runId = envValue(env, "TTA_RUN_ID");
  const stage = envValue(env, "TTA_STAGE");
  if (!isName(workflow) || !isName(runId) || stage === undefined) return undefined;
  return stage.length <= 100 && STAGE.test(stage) ? { workflow, runId, stage } : undefined;
}

function isName(text: string | undefined): text is string {
  return text !== undefined && text.length <= 100 && NAME.test(text);
}
