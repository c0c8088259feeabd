import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { putBlob } from "../../src/journal/blobs.ts";
import type { Fact } from "../../src/journal/fact.ts";
import { type LangfuseOrigin, observationOf } from "../../src/sink/langfuse-observation.ts";
import { emptyLangfuseFold, foldLangfuse, freshLangfuseFold } from "../../src/sink/langfuse-spans.ts";
import type { ReplayedSpan } from "../../src/sink/replayed.ts";
import { aFact, aSwitch } from "../journal/a-fact.ts";
import { aCall, CALL_START } from "../projection/a-call.ts";
import { arbitraryFacts } from "../projection/arbitrary-facts.ts";
import { aRun, spanIdOf, TRACE_ID } from "../projection/run-facts.ts";
import { examples } from "../support/draw-examples.ts";
import { temporaryHome } from "./temporary-home.ts";

function foldAll(facts: readonly Fact[], from = emptyLangfuseFold) {
  let state = from;
  const spans: ReplayedSpan[] = [];
  for (const fact of facts) {
    const folded = foldLangfuse(state, fact, 1);
    state = folded.state;
    if (folded.span !== undefined) spans.push(folded.span);
  }
  return { state, spans };
}

let origin: LangfuseOrigin;
beforeEach(() => {
  origin = { blobs: temporaryHome().blobs, environment: "staging", release: "r7", version: "1.2.3" };
});

/** The only span of these facts, as it is sent. */
function sent(...facts: readonly Fact[]) {
  const { spans } = foldAll(facts);
  expect(spans).toHaveLength(1);
  return observationOf(spans[0] as ReplayedSpan, origin);
}

const call = (...args: Parameters<typeof aCall>) => sent(aCall(...args)).attributes;

test("a switch is an event of its persona, in the session of its chatmode", () => {
  const span = sent(aSwitch("backend-engineer", { chatmode: "tdd" }));
  expect(span.name).toBe("persona_switch");
  expect(span.attributes).toEqual({
    "langfuse.environment": "staging",
    "langfuse.release": "r7",
    "langfuse.version": "1.2.3",
    "langfuse.user.id": "backend-engineer",
    "langfuse.session.id": "tdd",
    "langfuse.trace.name": "persona_switch",
    "langfuse.observation.type": "event",
    "langfuse.observation.metadata.from_persona": "none",
    "langfuse.observation.metadata.to_persona": "backend-engineer",
    "langfuse.observation.metadata.chatmode": "tdd",
  });
});

describe("a call", () => {
  test("has a name by its task, else by persona and chatmode", () => {
    expect(sent(aCall()).name).toBe("backend-engineer_review_llm_call");
    expect(sent(aCall({ taskType: "code_review" })).name).toBe("backend-engineer_code_review");
  });

  test("of an experiment is the root of its item, also where nothing is kept of its texts", () => {
    const experiment = { id: "e1", name: "first", datasetId: "d1", itemId: "i1" };
    const fact = aCall({ experiment });
    expect(sent(fact).attributes).toMatchObject({
      "langfuse.experiment.id": "e1",
      "langfuse.experiment.name": "first",
      "langfuse.experiment.dataset.id": "d1",
      "langfuse.experiment.item.id": "i1",
      "langfuse.experiment.item.root_observation_id": fact.trace.spanId,
    });
    expect(call({ metadata: { expected_output: "x" } })).not.toHaveProperty([
      "langfuse.experiment.item.expected_output",
    ]);
  });

  test("has disjoint usage and its cost, as JSON texts", () => {
    const attributes = call({
      usage: { input: 100, cachedInput: 60, cacheCreation: 10, output: 50, reasoning: 20 },
      costUsd: 0.003,
      cost: { inputUsd: 0.001, outputUsd: 0.002 },
    });
    expect(JSON.parse(String(attributes["langfuse.observation.usage_details"]))).toEqual({
      input: 30,
      input_cached_tokens: 60,
      input_cache_creation: 10,
      output: 30,
      output_reasoning_tokens: 20,
    });
    expect(JSON.parse(String(attributes["langfuse.observation.cost_details"]))).toEqual({
      input: 0.001,
      output: 0.002,
      total: 0.003,
    });
  });

  test("usage adds up to the whole, however the parts lie in it", () => {
    const count = fc.nat(1_000_000);
    fc.assert(
      fc.property(
        count,
        count,
        count,
        count,
        count,
        (rest, cachedInput, cacheCreation, answer, reasoning) => {
          const usage = {
            input: rest + cachedInput + cacheCreation,
            cachedInput,
            cacheCreation,
            output: answer + reasoning,
            reasoning,
          };
          const details: Record<string, number> = JSON.parse(
            String(call({ usage })["langfuse.observation.usage_details"]),
          );
          const total = Object.values(details).reduce((sum, part) => sum + part, 0);
          expect(total).toBe(usage.input + usage.output);
        },
      ),
    );
  });

  test("of unknown price or usage says nothing of them", () => {
    const names = Object.keys(call());
    expect(
      names.filter((name) => /details|parameters|prompt|completion_start|input|output/.test(name)),
    ).toEqual([]);
  });

  test("tells its model, parameters, prompt and first token", () => {
    const attributes = call({
      request: { maxTokens: 100, temperature: 0, stream: true },
      prompt: { name: "greeting", version: 3, label: "production" },
      firstTokenAt: CALL_START + 250,
    });
    expect(attributes).toMatchObject({
      "langfuse.observation.type": "generation",
      "langfuse.observation.model.name": "gpt-x",
      "langfuse.observation.model.parameters": '{"max_tokens":100,"temperature":0,"stream":true}',
      "langfuse.observation.prompt.name": "greeting",
      "langfuse.observation.prompt.version": 3,
      "langfuse.observation.completion_start_time": '"2025-06-15T15:06:40.250Z"',
      "langfuse.observation.metadata.prompt_label": "production",
    });
  });

  test("belongs to its run's trace, with workflow and stage as tags", () => {
    expect(call({ workflow: "release", stage: "build", runId: "r1" })).toMatchObject({
      "langfuse.trace.name": "workflow.release",
      "langfuse.trace.tags": ["release", "build"],
      "langfuse.trace.metadata.run_id": "r1",
    });
  });

  test.each([
    ["error", "ERROR"],
    ["aborted", "WARNING"],
    ["blocked", "WARNING"],
  ] as const)("that ended as %s has the level %s, and why", (outcome, level) => {
    const attributes = call({ outcome, error: { type: "rate_limit", message: "slow down" } });
    expect(attributes).toMatchObject({
      "langfuse.observation.level": level,
      "langfuse.observation.status_message": "rate_limit: slow down",
      "langfuse.observation.metadata.error_type": "rate_limit",
    });
  });

  test("free metadata is kept, shortened, and cannot pose as something else", () => {
    const attributes = call({
      metadata: { ticket: "A-1", long: "😀".repeat(150), "langfuse.user.id": "somebody else" },
    });
    expect(attributes["langfuse.user.id"]).toBe("backend-engineer");
    expect(attributes["langfuse.observation.metadata.ticket"]).toBe("A-1");
    const long = String(attributes["langfuse.observation.metadata.long"]);
    expect(long.length).toBeLessThanOrEqual(200);
    expect(Buffer.from(long).toString()).toBe(long);
  });

  test("without a time or a duration ends when its fact was made", () => {
    const fact = aCall();
    const { startedAt: _, durationSeconds: __, ...data } = fact.data as Record<string, unknown>;
    expect(sent({ ...fact, data })).toMatchObject({ startMs: fact.ts, endMs: fact.ts });
    expect(sent(aCall())).toMatchObject({ startMs: CALL_START, endMs: CALL_START + 2000 });
  });

  test("that the sampler left out is none", () => {
    expect(foldAll([aCall({}, { trace: { ...aFact().trace, sampled: false } })]).spans).toEqual([]);
  });
});

describe("bodies", () => {
  test("short ones come from the fact, long ones from their blobs", () => {
    putBlob(origin.blobs, 1, "abc123", "the long answer");
    const attributes = call({ input: { text: "hi" }, output: { hash: "abc123", bytes: 15 } });
    expect(attributes).toMatchObject({
      "langfuse.observation.input": "hi",
      "langfuse.observation.output": "the long answer",
    });
  });

  test("what was cut says so", () => {
    putBlob(origin.blobs, 1, "cut1", "beginning");
    const attributes = call({
      input: { text: "beg", isCut: true },
      output: { hash: "cut1", bytes: 9, isCut: true },
    });
    expect(attributes["langfuse.observation.input"]).toMatch(/^beg\n\[cut off/);
    expect(attributes["langfuse.observation.output"]).toMatch(/^beginning\n\[cut off/);
  });

  test("larger ones than 1 MiB are cut at a whole character", () => {
    putBlob(origin.blobs, 1, "big", "ä€😀".repeat(400_000));
    const output = String(call({ output: { hash: "big", bytes: 3_600_000 } })["langfuse.observation.output"]);
    expect(Buffer.byteLength(output)).toBeLessThanOrEqual(1024 * 1024);
    expect(Buffer.byteLength(output)).toBeGreaterThan(1024 * 1024 - 10);
    expect(output).not.toContain("\ufffd");
    expect(output).toMatch(/\[cut off by tta-persona\]$/);
  });

  test("one that retention has taken is told, and one that is no name of a file is not looked for", () => {
    expect(call({ output: { hash: "gone", bytes: 9 } })["langfuse.observation.output"]).toMatch(
      /9 bytes, deleted/,
    );
    expect(call({ output: { hash: "../../config.json", bytes: 9 } })).not.toHaveProperty([
      "langfuse.observation.output",
    ]);
  });
});

describe("a run", () => {
  const facts = [
    aRun.started(),
    aRun.stageStarted(),
    aRun.processStarted(),
    aCall(
      { workflow: "release", stage: "build", runId: "r1", persona: "architect", chatmode: "release" },
      {
        scope: "run:r1/build",
        trace: { ...aFact().trace, traceId: TRACE_ID, parentSpanId: spanIdOf("process") },
      },
    ),
    aRun.processFinished(),
    aRun.gateChecked(),
    aRun.stageFinished(),
    aRun.finished(),
  ];

  test("is one trace whose spans all say whose they are", () => {
    const { spans } = foldAll(facts);
    const observations = spans.map((span) => observationOf(span, origin));
    expect(observations.map(({ name }) => name)).toEqual([
      "architect_release_llm_call",
      "bash",
      "stage.build",
      "workflow.release",
    ]);
    for (const { attributes, identity } of observations) {
      expect(identity.traceId).toBe(TRACE_ID);
      expect(attributes).toMatchObject({
        "langfuse.user.id": "architect",
        "langfuse.session.id": "release",
        "langfuse.trace.name": "workflow.release",
        "langfuse.trace.metadata.run_id": "r1",
      });
    }
    expect(observations.map(({ attributes }) => attributes["langfuse.trace.tags"])).toEqual([
      ["release", "build"],
      ["release", "build"],
      ["release", "build"],
      ["release"],
    ]);
  });

  test("its gates become scores of their stage once that is over, with the fact's id", () => {
    const gate = facts[5] as Fact;
    expect(foldAll(facts.slice(0, 6)).state.scores).toEqual([]);
    expect(foldAll(facts).state).toMatchObject({
      scoresOfOpen: {},
      scores: [
        {
          id: gate.id,
          traceId: TRACE_ID,
          observationId: spanIdOf("build"),
          name: "coverage",
          value: 1,
          dataType: "BOOLEAN",
          comment: "91 >= 80",
        },
      ],
    });
  });

  test("a failed stage has the level ERROR, and why", () => {
    const failed = aRun.stageFinished({
      data: { result: "failure", error: { type: "exit_code", message: "it said no" } },
    });
    const { spans } = foldAll([...facts.slice(0, 6), failed]);
    expect(observationOf(spans.at(-1) as ReplayedSpan, origin).attributes).toMatchObject({
      "langfuse.observation.level": "ERROR",
      "langfuse.observation.status_message": "it said no",
    });
  });

  test("a stage whose beginning is not known still says whose it is", () => {
    const { spans } = foldAll([aRun.stageFinished()]);
    expect(spans[0]?.attributes).toMatchObject({
      "langfuse.user.id": "architect",
      "langfuse.session.id": "release",
    });
  });
});

test("a process of no stage is of the session in its scope", () => {
  const { stage: _, ...data } = aRun.processStarted().data as Record<string, unknown>;
  const scope = "run:x";
  const { spans } = foldAll([
    aSwitch("b", { scope, chatmode: "tdd" }),
    { ...aRun.processStarted(), scope, data },
    { ...aRun.processFinished(), scope, data: { ...data, exitCode: 0 } },
  ]);
  expect(spans[1]?.attributes).toMatchObject({
    "langfuse.user.id": "b",
    "langfuse.session.id": "tdd",
    "langfuse.trace.name": "bash",
  });
});

test("a score that was given is delivered as it is; one that makes no sense is passed over", () => {
  const data = { traceId: TRACE_ID, spanId: spanIdOf("x"), name: "quality", value: 0.5, dataType: "NUMERIC" };
  const good = aFact({ type: "score.given", data });
  const bad = aFact({ type: "score.given", data: { ...data, value: "much" } });
  expect(foldAll([good, bad]).state.scores).toEqual([
    {
      id: good.id,
      traceId: TRACE_ID,
      observationId: spanIdOf("x"),
      name: "quality",
      value: 0.5,
      dataType: "NUMERIC",
    },
  ]);
});

test("any cut, kept as JSON, then the tail, equals the whole", () => {
  fc.assert(
    fc.property(arbitraryFacts, fc.nat(50), (facts, at) => {
      const cut = Math.min(at, facts.length);
      const kept = JSON.parse(JSON.stringify(foldAll(facts.slice(0, cut)).state));
      expect(foldAll(facts.slice(cut), kept).state).toEqual(foldAll(facts).state);
    }),
    { numRuns: examples(50) },
  );
});

test("a new destination waits for nothing from before", () => {
  const { state } = foldAll([aSwitch("a"), aRun.started(), aRun.stageStarted(), aRun.gateChecked()]);
  expect(freshLangfuseFold(state)).toEqual({ ...emptyLangfuseFold, session: state.session });
});
