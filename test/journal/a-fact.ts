import { randomBytes } from "node:crypto";
import type { Fact } from "../../src/journal/fact.ts";
import { readFacts } from "../../src/journal/read.ts";
import type { Cursor } from "../../src/journal/segments.ts";

const hex = (bytes: number) => randomBytes(bytes).toString("hex");

/** A valid fact; a type that no projection knows unless `overrides` says more. */
export function aFact(overrides: Partial<Fact> = {}): Fact {
  return {
    v: 1,
    id: hex(16),
    ts: 1_750_000_000_000,
    type: "test.happened",
    scope: "global",
    trace: { traceId: `1${hex(16).slice(1)}`, spanId: `1${hex(8).slice(1)}`, sampled: true },
    resource: { "service.name": "tta-persona" },
    owner: { host: "here", boot: "", pid: 1, start: "" },
    data: {},
    ...overrides,
  };
}

export function aSwitch(persona: string, overrides: Partial<Fact> & { chatmode?: string } = {}): Fact {
  const { chatmode = "default", ...rest } = overrides;
  return aFact({
    type: "persona.switched",
    data: { persona, chatmode, startedAt: 1_750_000_000_000, idleTimeoutMs: 8 * 3_600_000 },
    ...rest,
  });
}

/** All facts from a place to the end, and how the reading went. */
export function readAll(dir: string, from?: Cursor) {
  const facts: Fact[] = [];
  const read = readFacts(dir, from, (fact) => {
    facts.push(fact);
    return undefined;
  });
  return { ...read, facts, ids: facts.map(({ id }) => id) };
}
