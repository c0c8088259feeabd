import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Stage } from "../../src/workflow/definition.ts";
import { findCycle } from "../../src/workflow/graph.ts";
import {
  nextStages,
  type StageState,
  selectFrom,
  stageLevels,
  stagesAfter,
  stagesBefore,
  topologicalOrder,
} from "../../src/workflow/plan.ts";
import { graph } from "./files.ts";

const ids = (stages: readonly Stage[]) => stages.map(({ id }) => id);

//   a → b → d → e      f → g
//   a → c ↗
const DIAMOND = { e: ["d"], a: [], c: ["a"], b: ["a"], d: ["b", "c"], f: [], g: ["f"] };
const { workflow } = graph(DIAMOND);

const [template] = workflow.stages;
if (template === undefined) throw new Error("a workflow without stages");
const stageOf = (id: string, needs: readonly string[]): Stage => ({ ...template, id, needs });

/** Any graph without cycles, its stages in any order in the file. */
const arbitraryStages: fc.Arbitrary<readonly Stage[]> = fc
  .integer({ min: 1, max: 12 })
  .chain((count) =>
    fc.tuple(
      ...Array.from({ length: count }, (_, index) =>
        fc.subarray(Array.from({ length: index }, (__, before) => `s${before}`)),
      ),
    ),
  )
  .map((needs) => needs.map((list, index) => stageOf(`s${index}`, list)))
  .chain((stages) => fc.shuffledSubarray(stages, { minLength: stages.length }));

describe("the order of stages", () => {
  test("is that of the file, but for what they need", () => {
    expect(ids(topologicalOrder(workflow.stages))).toEqual(["a", "c", "b", "d", "e", "f", "g"]);
    expect(stageLevels(workflow.stages).map(ids)).toEqual([["a", "f"], ["c", "b", "g"], ["d"], ["e"]]);
  });

  test("puts each stage once and after all that it needs", () => {
    fc.assert(
      fc.property(arbitraryStages, (stages) => {
        const levels = stageLevels(stages).map(ids);
        for (const order of [ids(topologicalOrder(stages)), levels.flat()]) {
          expect([...order].sort()).toEqual(ids(stages).sort());
          for (const { id, needs } of stages) {
            for (const need of needs) expect(order.indexOf(need)).toBeLessThan(order.indexOf(id));
          }
        }
        // No later than it can begin.
        for (const { id, needs } of stages) {
          const levelOf = (one: string) => levels.findIndex((level) => level.includes(one));
          expect(levelOf(id)).toBe(Math.max(-1, ...needs.map(levelOf)) + 1);
        }
      }),
    );
  });
});

test("a cycle is found if there is one, and each of its steps is a need", () => {
  fc.assert(
    fc.property(arbitraryStages, fc.nat(), fc.nat(), (stages, from, to) => {
      expect(findCycle(stages)).toBeUndefined();
      const first = stages[from % stages.length];
      const last = stages[to % stages.length];
      if (first === undefined || last === undefined || first === last) return;
      const closed = stages.map((stage) =>
        stage === first ? { ...stage, needs: [...stage.needs, last.id] } : stage,
      );
      const isCycle = ids(stagesBefore(stages, last.id)).includes(first.id);
      const cycle = findCycle(closed);
      expect(cycle !== undefined).toBe(isCycle);
      if (cycle === undefined) return;
      expect(cycle.at(-1)).toBe(cycle[0]);
      expect(new Set(cycle).size).toBe(cycle.length - 1);
      for (const [index, id] of cycle.slice(0, -1).entries()) {
        expect(closed.find((stage) => stage.id === id)?.needs).toContain(cycle[index + 1]);
      }
    }),
  );
});

describe("a part of the stages", () => {
  test("before and after one", () => {
    expect(ids(stagesBefore(workflow.stages, "d"))).toEqual(["a", "c", "b"]);
    expect(ids(stagesAfter(workflow.stages, "b"))).toEqual(["e", "b", "d"]);
  });

  test("what is before a stage has it after itself", () => {
    fc.assert(
      fc.property(arbitraryStages, (stages) => {
        for (const { id } of stages) {
          for (const before of stagesBefore(stages, id)) {
            expect(ids(stagesAfter(stages, before.id))).toContain(id);
          }
        }
      }),
    );
  });

  test("--from takes what stands before as done, and runs what stands beside", () => {
    const selected = selectFrom(workflow, "d");
    expect(selected.ok && { run: ids(selected.value.run), reused: ids(selected.value.reused) }).toEqual({
      run: ["e", "d", "f", "g"],
      reused: ["a", "c", "b"],
    });
    const unknown = selectFrom(graph({ build: [] }).workflow, "biuld");
    expect(unknown).toMatchObject({
      ok: false,
      error: { reason: "unknown-stage", hint: "Did you mean build?" },
    });
  });
});

describe("what comes next", () => {
  const next = (states: Readonly<Record<string, StageState>>, maxParallel = 9) => {
    const { start, unreachable } = nextStages(workflow, new Map(Object.entries(states)), maxParallel);
    return { start: ids(start), unreachable: ids(unreachable) };
  };

  test.each<[Readonly<Record<string, StageState>>, number, readonly string[], readonly string[]]>([
    [{}, 9, ["a", "f"], []],
    [{}, 1, ["a"], []],
    [{ a: "running" }, 1, [], []],
    [{ a: "running" }, 2, ["f"], []],
    [{ a: "passed", b: "passed" }, 9, ["c", "f"], []],
    [{ a: "passed", b: "skipped", c: "passed" }, 9, ["d", "f"], []],
    [{ a: "failed" }, 9, ["f"], ["c", "b", "d", "e"]],
    [{ a: "passed", b: "unreachable" }, 9, ["c", "f"], ["d", "e"]],
    [{ a: "passed", b: "failed", c: "running" }, 9, ["f"], ["d", "e"]],
  ])("%j with room for %d", (states, maxParallel, start, unreachable) => {
    expect(next(states, maxParallel)).toEqual({ start, unreachable });
  });

  test("a run that does what it is told comes to an end, with every stage accounted for", () => {
    const outcomes = fc.infiniteStream(fc.constantFrom<StageState>("passed", "skipped", "failed"));
    fc.assert(
      fc.property(
        arbitraryStages,
        fc.integer({ min: 1, max: 4 }),
        outcomes,
        fc.nat(),
        (stages, room, stream, seed) => {
          const states = new Map<string, StageState>();
          const running: string[] = [];
          for (let turn = 0; ; turn++) {
            const { start, unreachable } = nextStages({ stages }, states, room);
            for (const { id } of unreachable) states.set(id, "unreachable");
            for (const { id, needs } of start) {
              expect(states.has(id)).toBe(false);
              for (const need of needs) expect(["passed", "skipped"]).toContain(states.get(need));
              states.set(id, "running");
              running.push(id);
            }
            expect(running.length).toBeLessThanOrEqual(room);
            const [ended] = running.splice((seed + turn) % Math.max(1, running.length), 1);
            if (ended === undefined) break;
            states.set(ended, stream.next().value ?? "passed");
          }
          expect(states.size).toBe(stages.length);
          for (const { id, needs } of stages) {
            const lost = needs.some((need) => /failed|unreachable/.test(states.get(need) ?? ""));
            expect(states.get(id) === "unreachable").toBe(lost);
          }
        },
      ),
    );
  });
});
