import fs from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { UserError } from "../../src/core/errors.ts";
import { type Home, resolveHome } from "../../src/core/home.ts";
import { appendFact } from "../../src/journal/append.ts";
import { enforceRetention } from "../../src/journal/retention.ts";
import { listSegments, segmentPath } from "../../src/journal/segments.ts";
import {
  advanceLedger,
  LEDGER_SCHEMA,
  ledgerPath,
  openLedger,
  saveLedger,
} from "../../src/projection/ledger-store.ts";
import { viewSession } from "../../src/projection/session.ts";
import { openSession, sessionPath } from "../../src/projection/session-store.ts";
import { readSnapshot, writeSnapshot } from "../../src/projection/snapshot.ts";
import { aFact, aSwitch } from "../journal/a-fact.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const cursor = { segment: 3, offset: 10, seq: 7 };
const NOW = 1_750_000_000_000;

function temporaryHome(): Home {
  const home = resolveHome({ TTA_PERSONA_HOME: temporaryDirectory() }, "linux");
  if (!home.ok) throw new Error(home.error.message);
  return home.value;
}

function append(home: Home, facts: readonly ReturnType<typeof aFact>[], segmentBytes = 1 << 20) {
  for (const fact of facts) appendFact({ dir: home.journal, segmentBytes }, fact);
}

/** Deletes every segment but the open one. */
function evictAll(home: Home) {
  const behind = { segment: Number.MAX_SAFE_INTEGER, offset: 0, seq: 0 };
  const limits = { ageMs: -1, sizeBytes: Number.MAX_SAFE_INTEGER };
  return enforceRetention(home, limits, { all: behind, living: behind, ledger: behind }, Date.now() + 1000);
}

const personaOf = (home: Home) => viewSession(openSession(home).state, "global", NOW)?.persona;

/** Bytes that reading through `node:fs` descriptors or whole files took while `run` ran. */
function bytesRead(run: () => void): number {
  let total = 0;
  const { readSync, readFileSync } = fs;
  const spies = [
    vi.spyOn(fs, "readSync").mockImplementation(((...args: Parameters<typeof fs.readSync>) => {
      const count = readSync(...args);
      total += count;
      return count;
    }) as typeof fs.readSync),
    vi.spyOn(fs, "readFileSync").mockImplementation(((...args: Parameters<typeof fs.readFileSync>) => {
      const content = readFileSync(...args);
      total += content.length;
      return content;
    }) as typeof fs.readFileSync),
  ];
  try {
    run();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return total;
}

describe("a snapshot", () => {
  test("is read as it was written, by its owner alone", () => {
    const state = `${temporaryDirectory()}/state`;
    const path = `${state}/one.json`;
    writeSnapshot(path, 1, { cursor, state: { a: [1] } });
    expect(readSnapshot(path, 1)).toEqual({ cursor, state: { a: [1] } });
    expect(fs.statSync(path).mode & 0o777).toBe(0o600);
    expect(fs.readdirSync(state)).toEqual(["one.json"]);
  });

  test("of a newer program is refused and stays as it is", () => {
    const path = `${temporaryDirectory()}/one.json`;
    writeSnapshot(path, 2, { cursor, state: {} });
    const before = fs.readFileSync(path, "utf8");
    expect(() => readSnapshot(path, 1)).toThrow(UserError);
    expect(() => readSnapshot(path, 1)).toThrow(expect.objectContaining({ reason: "newer-home" }));
    expect(fs.readFileSync(path, "utf8")).toBe(before);
  });

  test("of an older program is read from the oldest schema on that the caller knows", () => {
    const path = `${temporaryDirectory()}/one.json`;
    writeSnapshot(path, 2, { cursor, state: {} });
    expect(readSnapshot(path, 4, 2)).toEqual({ cursor, state: {} });
    expect(readSnapshot(path, 4, 3)).toBeUndefined();
    expect(readSnapshot(path, 4)).toBeUndefined();
  });

  test.each([
    ["empty", ""],
    ["torn", '{"schema":1,"cursor":{"segm'],
    ["no object", "7"],
    ["null", "null"],
    ["without a cursor", '{"schema":1,"state":{}}'],
    ["with half a cursor", '{"schema":1,"cursor":{"segment":1},"state":{}}'],
    ["without a state", '{"schema":1,"cursor":{"segment":1,"offset":0,"seq":0},"state":null}'],
    ["without a schema", '{"cursor":{"segment":1,"offset":0,"seq":0},"state":{}}'],
  ])("that is %s is passed over", (_, content) => {
    const path = `${temporaryDirectory()}/one.json`;
    fs.writeFileSync(path, content);
    expect(readSnapshot(path, 1)).toBeUndefined();
  });
});

describe("the ledger", () => {
  test("goes on from its snapshot and counts each fact once", () => {
    const home = temporaryHome();
    append(home, [aSwitch("architect"), aSwitch("backend-engineer")], 1);
    const saved = saveLedger(home, openLedger(home), NOW);
    expect(saved).toMatchObject({ unsaved: 0, gap: undefined, cursor: { seq: 2 } });
    append(home, [aSwitch("architect")], 1);
    const again = openLedger(home);
    expect(again).toMatchObject({ unsaved: 1, cursor: { seq: 3 } });
    expect(advanceLedger(home, saved).state).toEqual(again.state);
    expect(advanceLedger(home, again)).toEqual(again);
  });

  test("keeps its totals when the segments are gone", () => {
    const home = temporaryHome();
    append(home, [aSwitch("architect"), aSwitch("backend-engineer"), aFact()], 1);
    const saved = saveLedger(home, openLedger(home), NOW);
    evictAll(home);
    expect(listSegments(home.journal)).toEqual([4]);
    expect(openLedger(home)).toMatchObject({ state: saved.state, gap: undefined });
  });

  test("says so when its snapshot is lost and older segments are gone", () => {
    const home = temporaryHome();
    append(home, [aSwitch("architect"), aSwitch("backend-engineer"), aFact()], 1);
    saveLedger(home, openLedger(home), NOW);
    evictAll(home);
    fs.writeFileSync(ledgerPath(home), "torn");
    expect(openLedger(home)).toMatchObject({ gap: "lost" });
  });

  test("refuses the home of a newer program, in the snapshot and in the journal", () => {
    const home = temporaryHome();
    append(home, [aFact()]);
    fs.appendFileSync(segmentPath(home.journal, 1), `\n{"v":2,"what":"ever"}\n`);
    expect(() => openLedger(home)).toThrow(expect.objectContaining({ reason: "newer-home" }));
    expect(() => openSession(home)).toThrow(expect.objectContaining({ reason: "newer-home" }));
    const other = temporaryHome();
    writeSnapshot(ledgerPath(other), LEDGER_SCHEMA + 1, { cursor, state: {} });
    expect(() => openLedger(other)).toThrow(expect.objectContaining({ reason: "newer-home" }));
    expect(() => openSession(other)).toThrow(expect.objectContaining({ reason: "newer-home" }));
  });

  test.each([
    [1, ["runs", "budgets"]],
    [2, ["budgets"]],
    [3, []],
  ])(
    "of schema %i, from before there were %j, goes on as it is, and keeps the sessions",
    (schema, absent) => {
      const home = temporaryHome();
      append(home, [aSwitch("architect"), aSwitch("backend-engineer")], 1);
      const { state, cursor } = saveLedger(home, openLedger(home), NOW);
      const old = Object.fromEntries(Object.entries(state).filter(([field]) => !absent.includes(field)));
      writeSnapshot(ledgerPath(home), schema, { cursor, state: old });
      evictAll(home);
      expect(openLedger(home)).toMatchObject({ state, gap: undefined, cursor: { seq: 2 } });
      expect(personaOf(home)).toBe("backend-engineer");
      saveLedger(home, openLedger(home), NOW);
      expect(JSON.parse(fs.readFileSync(ledgerPath(home), "utf8"))).toMatchObject({
        schema: 4,
        state: { runs: [], budgets: {} },
      });
    },
  );

  test("of schema 3 still ends the runs that were killed under it", () => {
    const home = temporaryHome();
    append(home, [aSwitch("architect", { scope: "run:1/build" })]);
    const { state, cursor } = saveLedger(home, openLedger(home), NOW);
    const { forgetAt, ...session } = state.session;
    expect(forgetAt).toBeGreaterThan(0);
    const old = { ...state, session: { ...session, runsIdleAt: forgetAt } };
    writeSnapshot(ledgerPath(home), 3, { cursor, state: old });
    append(home, [aFact({ ts: (forgetAt ?? 0) + 1 })]);
    expect(openLedger(home).state.session.scopes).toEqual({});
  });

  test("counts lines that are nobody's, once", () => {
    const home = temporaryHome();
    append(home, [aFact()]);
    fs.appendFileSync(segmentPath(home.journal, 1), "garbage\n\n[]\n");
    const saved = saveLedger(home, openLedger(home), NOW);
    expect(saved.state.skipped).toBe(2);
    append(home, [aFact()]);
    expect(openLedger(home).state.skipped).toBe(2);
  });
});

describe("the session", () => {
  test("tells what a fact brought about, once its place in the journal is known", () => {
    const home = temporaryHome();
    const reader = openSession(home);
    // Another command was faster.
    append(home, [aSwitch("architect", { ts: NOW })]);
    const own = aSwitch("backend-engineer", { ts: NOW + 1000 });
    const place = appendFact({ dir: home.journal, segmentBytes: 1 << 20 }, own);
    append(home, [aSwitch("testing-specialist", { ts: NOW + 2000 })]);
    expect(reader.accept(own, place)).toMatchObject([
      { kind: "ended", persona: "architect", durationMs: 1000 },
      { kind: "switched", from: "architect", to: "backend-engineer" },
    ]);
    expect(viewSession(reader.state, "global", NOW)?.persona).toBe("testing-specialist");
  });

  test("reads no more in a long journal than in a short one", () => {
    const home = temporaryHome();
    const facts = (count: number) =>
      Array.from({ length: count }, (_, i) => aSwitch(i % 2 === 0 ? "architect" : "backend-engineer"));
    append(home, facts(60));
    openSession(home);
    append(home, facts(1));
    const short = bytesRead(() => openSession(home));
    append(home, facts(600), 20_000);
    openSession(home);
    append(home, facts(1));
    const long = bytesRead(() => openSession(home));
    expect(listSegments(home.journal).length).toBeGreaterThan(5);
    expect(short).toBeGreaterThan(0);
    expect(long).toBeLessThan(short + 400);
  });

  test("falls back to the ledger's when its own snapshot is lost, torn or behind what is kept", () => {
    const home = temporaryHome();
    const snapshot = sessionPath(home);
    append(
      home,
      Array.from({ length: 20 }, (_, i) => aSwitch(`persona-${i}`)),
      400,
    );
    openSession(home);
    const early = fs.readFileSync(snapshot);
    append(
      home,
      Array.from({ length: 20 }, (_, i) => aSwitch(`later-${i}`)),
      400,
    );
    saveLedger(home, openLedger(home), NOW);
    evictAll(home);
    expect(listSegments(home.journal)).toHaveLength(1);

    for (const damage of [
      () => fs.rmSync(snapshot, { force: true }),
      () => fs.writeFileSync(snapshot, "torn"),
      () => fs.writeFileSync(snapshot, early),
    ]) {
      damage();
      expect(personaOf(home)).toBe("later-19");
    }
    append(home, [aSwitch("architect")], 400);
    expect(personaOf(home)).toBe("architect");
  });

  test("takes the ledger's when retention passes the snapshot while it is being read", () => {
    const home = temporaryHome();
    append(
      home,
      Array.from({ length: 20 }, (_, i) => aSwitch(`persona-${i}`)),
      400,
    );
    const reader = openSession(home);
    append(
      home,
      Array.from({ length: 20 }, (_, i) => aSwitch(`later-${i}`)),
      400,
    );
    saveLedger(home, openLedger(home), NOW);
    evictAll(home);
    const own = aSwitch("architect", { ts: NOW + 1000 });
    const place = appendFact({ dir: home.journal, segmentBytes: 400 }, own);
    expect(reader.accept(own, place)).toMatchObject([
      { kind: "ended", persona: "later-19" },
      { kind: "switched", from: "later-19", to: "architect" },
    ]);
    expect(personaOf(home)).toBe("architect");
  });

  test("takes its own fact without reading it again, and is where a reader would be", () => {
    const home = temporaryHome();
    append(home, [aSwitch("architect", { ts: NOW })]);
    const reader = openSession(home);
    const own = aSwitch("backend-engineer", { ts: NOW + 1000 });
    const place = appendFact({ dir: home.journal, segmentBytes: 1 << 20 }, own);
    expect(place.bytes).toBeDefined();
    expect(reader.accept(own, place)).toMatchObject([
      { kind: "ended", persona: "architect", durationMs: 1000 },
      { kind: "switched", from: "architect", to: "backend-engineer" },
    ]);
    const fresh = openSession(home);
    expect([reader.state, reader.cursor]).toEqual([fresh.state, fresh.cursor]);
  });

  test("goes on, and counts what is new, when somebody has removed the journal", () => {
    for (const before of [1, 12]) {
      const home = temporaryHome();
      append(
        home,
        Array.from({ length: 20 }, (_, i) => aSwitch(`persona-${i}`)),
      );
      openSession(home);
      saveLedger(home, openLedger(home), NOW);
      fs.rmSync(home.journal, { recursive: true });
      expect(personaOf(home)).toBe("persona-19");
      // Fewer facts than were read of the old journal's segment, then as many and more.
      append(
        home,
        Array.from({ length: before }, (_, i) => aSwitch(`new-${i}`)),
      );
      expect(personaOf(home)).toBe(`new-${before - 1}`);
      expect(openLedger(home).cursor.seq).toBe(20 + before);
      append(
        home,
        Array.from({ length: 30 }, (_, i) => aSwitch(`newer-${i}`)),
      );
      expect(openLedger(home)).toMatchObject({ cursor: { seq: 50 + before }, state: { skipped: 0 } });
      expect(personaOf(home)).toBe("newer-29");
    }
  });

  test("keeps for shell prompts what is active, in one file with its snapshot", () => {
    const home = temporaryHome();
    const firstLine = () => fs.readFileSync(sessionPath(home), "utf8").split("\n")[0];
    append(home, [aSwitch("architect", { scope: "shell:1" }), aSwitch("backend-engineer")]);
    const reader = openSession(home);
    // Somebody else switched before this one came to writing.
    append(home, [aSwitch("testing-specialist")]);
    reader.keep();
    expect(firstLine()).toBe("testing-specialist");
    append(home, [aFact({ type: "persona.ended" })]);
    openSession(home).keep();
    expect(firstLine()).toBe("");
    expect(openSession(home).state.scopes).toMatchObject({
      global: { active: null, previous: { persona: "testing-specialist" } },
      "shell:1": { active: { persona: "architect" } },
    });
    expect(fs.statSync(sessionPath(home)).mode & 0o777).toBe(0o600);
    expect(fs.readdirSync(home.state)).toEqual(["session"]);
  });

  test("is read from a home where nothing can be written", () => {
    const home = temporaryHome();
    append(
      home,
      Array.from({ length: 20 }, (_, i) => aSwitch(`persona-${i}`)),
    );
    // Where the state's directory should be stands a file.
    fs.writeFileSync(home.state, "");
    expect(personaOf(home)).toBe("persona-19");
  });
});

test("totals that are there but may not be read are neither begun anew nor replaced", () => {
  const home = temporaryHome();
  append(home, [aSwitch("architect", { ts: NOW })]);
  // As good as a file without permission, which nothing is for root.
  fs.mkdirSync(ledgerPath(home), { recursive: true });
  expect(() => openLedger(home)).toThrow("EISDIR");
});
