import fs from "node:fs";
import { join } from "node:path";
import { steadyClock, systemClock } from "../../src/core/clock.ts";
import { resolveHome } from "../../src/core/home.ts";
import { createMasker } from "../../src/core/mask.ts";
import { currentOwner } from "../../src/core/owner.ts";
import { newSpanIdentity } from "../../src/core/trace-context.ts";
import type { Fact } from "../../src/journal/fact.ts";
import { readFacts } from "../../src/journal/read.ts";
import { createCancellation } from "../../src/workflow/cancellation.ts";
import { runWorkflow } from "../../src/workflow/engine.ts";
import type { EngineContext, RunObserver } from "../../src/workflow/engine-context.ts";
import { createRecorder } from "../../src/workflow/recorder.ts";
import { createRun, listStoredRuns, type StoredRun } from "../../src/workflow/run-store.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { waitFor } from "../support/wait-for.ts";
import { workflowFrom } from "./files.ts";

interface Place {
  /** Where the stages work. */
  readonly cwd: string;
  /** The run's own directory. */
  readonly dir: string;
  facts(): readonly Fact[];
  /** What is kept of the run. */
  stored(): StoredRun;
}

interface Changes extends Partial<Omit<EngineContext, "observer">> {
  readonly observer?: Partial<RunObserver>;
  /** Does something once there is such a file in the stages' directory. */
  readonly whenThereIs?: readonly [file: string, act: (place: Place) => void];
}

const nothing = () => undefined;

/** Runs stages, given as YAML, in a home and a directory of the test's own. */
export async function runIn(stages: string, changes: Changes = {}) {
  const root = temporaryDirectory();
  const cwd = join(root, "project");
  fs.mkdirSync(cwd);
  const env = { PATH: process.env.PATH, HOME: root, TTA_PERSONA_HOME: join(root, "home") };
  const resolved = resolveHome(env, "linux");
  if (!resolved.ok) throw new Error(resolved.error.message);
  const home = resolved.value;
  const { workflow } = workflowFrom(`name: tried\nstages:${stages}`);
  const trace = newSpanIdentity(env);
  const startedAt = systemClock.now();
  const input = { workflow: "tried", cwd, parameters: {}, owner: currentOwner(), startedAt, trace };
  const store = createRun(home.runs, input, new Map());
  const place: Place = {
    cwd,
    dir: store.dir,
    facts() {
      const facts: Fact[] = [];
      readFacts(home.journal, undefined, (fact) => void facts.push(fact));
      return facts;
    },
    stored() {
      const [stored] = listStoredRuns(home.runs);
      if (stored === undefined) throw new Error("nothing is kept");
      return stored;
    },
  };
  const { observer, whenThereIs: [file, act] = [], ...context } = changes;
  const clock = steadyClock(systemClock);
  const running = runWorkflow(
    { workflow, store, cwd, parameters: {}, outputs: new Map() },
    { reused: new Map(), maxParallel: 4, trace, resumes: undefined, startedAt },
    {
      home,
      env,
      clock,
      recorder: createRecorder({ home, env, clock, version: "1.0.0", segmentBytes: 1e6, onTrouble: nothing }),
      masker: createMasker({ secretValues: [] }),
      cancellation: createCancellation(),
      agentCommand: [],
      confirm: () => Promise.resolve("yes"),
      persona: (name) => ({
        name,
        allowEnvironmentAccess: undefined,
        blockList: undefined,
        instructions: "",
      }),
      models: { call: () => Promise.reject(new Error("no model in this test")) },
      prompts: { get: () => Promise.resolve({ ok: false, error: { type: "none", message: "none" } }) },
      graceMs: 1000,
      ...context,
      observer: {
        stageStarted: nothing,
        line: nothing,
        retrying: nothing,
        fallingBack: nothing,
        gateChecked: nothing,
        stageFinished: nothing,
        ...observer,
      },
    },
  );
  if (file !== undefined) {
    await waitFor(() => fs.existsSync(join(cwd, file)), { what: file });
    act?.(place);
  }
  return { ...place, outcome: await running };
}
