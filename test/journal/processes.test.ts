import fs from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { appendFact } from "../../src/journal/append.ts";
import { SEAL } from "../../src/journal/fact.ts";
import { enforceRetention } from "../../src/journal/retention.ts";
import { type Cursor, listSegments, segmentPath } from "../../src/journal/segments.ts";
import { seededRandom } from "../support/jitter-proxy.ts";
import { bundleScript, runScript, startScript } from "../support/node-script.ts";
import { killAt, logSteps, readSteps, withFaults } from "../support/preloads.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { waitFor } from "../support/wait-for.ts";
import { aFact, readAll } from "./a-fact.ts";

/**
 * Appends facts and prints `ok <id>` for each that was acknowledged, or `<error code> <id>`. With `PAUSES`, a
 * seed, it falls asleep at random before its calls, so that others rotate, read and delete in between.
 */
const WRITER = `
  import fs from "node:fs";
  import { appendFact } from "./src/journal/append.ts";
  import { aFact } from "./test/journal/a-fact.ts";
  import { seededRandom } from "./test/support/jitter-proxy.ts";
  const random = seededRandom(Number(process.env.PAUSES ?? 0));
  const [dir = "", count = "1", segmentBytes = "1", bytes = "0"] = process.argv.slice(2);
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const say = fs.writeSync;
  if (process.env.PAUSES !== undefined) {
    for (const name of ["openSync", "existsSync", "fstatSync", "writeSync", "fsyncSync", "readdirSync"]) {
      const call = fs[name];
      fs[name] = (...args) => {
        if (random() < 0.03) Atomics.wait(cell, 0, 0, random() * 15);
        return call(...args);
      };
    }
  }
  for (let i = 0; i < Number(count); i++) {
    const fact = aFact({ data: { text: "x".repeat(random() * Number(bytes)) } });
    let outcome = "ok";
    try {
      appendFact({ dir, segmentBytes: Number(segmentBytes) }, fact);
    } catch (error) {
      outcome = error.code ?? String(error);
    }
    say(1, outcome + " " + fact.id + "\\n");
  }
`;

let writer: string;

beforeAll(() => {
  const directory = fs.mkdtempSync(`${tmpdir()}/tta-persona-writer-`);
  writer = bundleScript(directory, "writer", WRITER);
  return () => fs.rmSync(directory, { recursive: true });
});

const acknowledged = (lines: readonly string[]) =>
  lines.filter((line) => line.startsWith("ok ")).map((line) => line.slice(3));

/** A directory for a journal, and one in which pauses are told. */
function place() {
  const root = temporaryDirectory();
  return { dir: `${root}/journal`, root };
}

describe("20 processes that pause at random, with rotation every few facts", () => {
  test.each([
    ["small facts", "2000", "0"],
    ["facts of up to 60 kB", "100000", "60000"],
  ])("lose none and double none: %s", async (_, segmentBytes, bytes) => {
    const { dir } = place();
    const random = seededRandom(1);
    const writers = Array.from({ length: 20 }, (_, index) =>
      startScript(writer, [dir, "100", segmentBytes, bytes], { env: { PAUSES: String(index + 1) } }),
    );
    let running = writers.length;
    for (const { child, closed } of writers) {
      onTestFinished(() => void child.kill("SIGKILL"));
      void closed.then(() => running--);
    }
    const seen: string[] = [];
    let cursor: Cursor | undefined;
    const readOn = () => {
      const read = readAll(dir, cursor);
      expect(read).toMatchObject({ skipped: 0, gap: false });
      seen.push(...read.ids);
      cursor = read.cursor;
    };
    // Stops whole processes too, and deletes behind the reader what it has passed.
    while (running > 0) {
      const one = writers[Math.floor(random() * writers.length)];
      one?.child.kill(random() < 0.5 ? "SIGSTOP" : "SIGCONT");
      readOn();
      const limits = { ageMs: -1, sizeBytes: Number.MAX_SAFE_INTEGER };
      if (cursor !== undefined) {
        const passed = { all: cursor, living: cursor, ledger: cursor };
        enforceRetention({ journal: dir, blobs: `${dir}/none` }, limits, passed, Date.now() + 1000);
      }
      for (const { child } of writers) if (random() < 0.2) child.kill("SIGCONT");
      await sleep(5);
    }
    readOn();
    const results = await Promise.all(writers.map(({ closed }) => closed));
    const ids = results.flatMap(({ lines }) => acknowledged(lines));
    expect(results.map(({ stderr }) => stderr).join("")).toBe("");
    expect(ids).toHaveLength(2000);
    expect([...seen].sort()).toEqual(ids.sort());
    expect(cursor?.segment).toBeGreaterThan(50);
  });
});

test("a writer killed at any step loses nothing that was acknowledged, and the journal goes on", async () => {
  const { root } = place();
  const log = `${root}/steps`;
  // The second fact is written to a segment that the first one has begun.
  await runScript(writer, [`${root}/dry`, "2", "1"], logSteps(log));
  const steps = readSteps(log);
  expect(steps.length).toBeGreaterThan(12);
  const runs = steps.flatMap((step, index) => {
    const whens = step.startsWith("writeSync")
      ? (["before", "torn", "after"] as const)
      : (["before"] as const);
    return whens.map((when) => ({ step: index + 1, when }));
  });
  for (const [index, point] of runs.entries()) {
    const dir = `${root}/journal-${index}`;
    const { lines } = await runScript(writer, [dir, "2", "1"], killAt(point));
    const before = acknowledged(lines);
    const read = readAll(dir);
    const facts = Array.from({ length: 3 }, () => aFact());
    for (const fact of facts) appendFact({ dir, segmentBytes: 1 }, fact);
    const label = `${JSON.stringify(point)} ${steps[point.step - 1]}`;
    for (const { ids } of [{ ids: [...read.ids, ...readAll(dir, read.cursor).ids] }, readAll(dir)]) {
      expect(new Set(ids).size, label).toBe(ids.length);
      expect(ids, label).toEqual(expect.arrayContaining(before));
      expect(ids.slice(-3), label).toEqual(facts.map(({ id }) => id));
      // The one in the air when it was killed may be there or not.
      expect(ids.length - 3 - before.length, label).toBeOneOf([0, 1]);
    }
  }
});

describe("a writer that was paused before its write, while its segment", () => {
  /** Pauses a writer before it writes to segment 1, does something, and lets it go on. */
  async function meanwhile(change: (dir: string) => void) {
    const { dir, root } = place();
    const first = aFact();
    appendFact({ dir, segmentBytes: 1 << 20 }, first);
    const gate = `${root}/gate`;
    const paused = startScript(
      writer,
      [dir, "1", String(1 << 20)],
      withFaults(`pause:writeSync:00000001.jsonl:${gate}`),
    );
    await waitFor(() => fs.existsSync(`${gate}.waiting`), { what: "the writer to pause" });
    change(dir);
    fs.writeFileSync(gate, "");
    const { lines, stderr } = await paused.closed;
    expect(stderr).toBe("");
    const ids = acknowledged(lines);
    expect(ids).toHaveLength(1);
    return { dir, first: first.id, id: ids[0] ?? "" };
  }
  const rotate = (dir: string) => appendFact({ dir, segmentBytes: 1 }, aFact());

  test("was ended, writes again to the open one; its late line is void", async () => {
    const { dir, id } = await meanwhile(rotate);
    const text = fs.readFileSync(segmentPath(dir, 1), "utf8");
    expect(text.indexOf(id)).toBeGreaterThan(text.indexOf(SEAL));
    expect(fs.readFileSync(segmentPath(dir, 2), "utf8")).toContain(id);
    expect(readAll(dir).ids.filter((one) => one === id)).toHaveLength(1);
  });

  test("was followed, but not ended yet, stands before the seal that comes", async () => {
    const { dir, id } = await meanwhile((dir) => fs.writeFileSync(segmentPath(dir, 2), ""));
    expect(fs.readFileSync(segmentPath(dir, 2), "utf8")).toBe("");
    expect(readAll(dir).ids.filter((one) => one === id)).toHaveLength(1);
  });

  test("was ended, read and deleted, writes again", async () => {
    let cursor: Cursor | undefined;
    const { dir, id } = await meanwhile((dir) => {
      rotate(dir);
      cursor = readAll(dir).cursor;
      fs.rmSync(segmentPath(dir, 1));
    });
    expect(readAll(dir, cursor)).toMatchObject({ ids: [id], gap: false });
  });

  test("was ended and deleted with several after it, writes again", async () => {
    const { dir, id } = await meanwhile((dir) => {
      for (let i = 0; i < 3; i++) rotate(dir);
      for (const segment of listSegments(dir).slice(0, -1)) fs.rmSync(segmentPath(dir, segment));
    });
    expect(readAll(dir).ids).toEqual([id]);
  });

  test("was removed with the whole journal, begins a new one", async () => {
    const { dir, id } = await meanwhile((dir) => fs.rmSync(dir, { recursive: true }));
    expect(readAll(dir).ids).toEqual([id]);
  });
});

describe("a disk that is full", () => {
  test.each([
    ["a short write", "short:2:jsonl"],
    ["no write at all", "enospc:2:jsonl"],
  ])("%s is reported, and the journal stays readable", async (_, fault) => {
    const { dir } = place();
    const { lines } = await runScript(writer, [dir, "3", String(1 << 20)], withFaults(fault));
    expect(lines.map((line) => line.split(" ")[0])).toEqual(["ok", "ENOSPC", "ok"]);
    const fact = aFact();
    appendFact({ dir, segmentBytes: 1 << 20 }, fact);
    const read = readAll(dir);
    expect(read.ids).toEqual([...acknowledged(lines), fact.id]);
    expect(read.skipped).toBe(fault.startsWith("short") ? 1 : 0);
  });

  test("a seal that did not fit is made up for, and what was acknowledged is there", async () => {
    const { dir } = place();
    // The second write is the seal of segment 1.
    const { lines } = await runScript(writer, [dir, "3", "1"], withFaults("enospc:2:jsonl"));
    expect(acknowledged(lines)).toHaveLength(3);
    expect(readAll(dir).ids).toEqual(acknowledged(lines));
    expect(readAll(dir).ids).toEqual(acknowledged(lines));
  });
});
