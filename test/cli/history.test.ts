import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { appendFact } from "../../src/journal/append.ts";
import { makeFact } from "../../src/journal/make-fact.ts";
import { documentOf, sandboxOfTest } from "./sandboxes.ts";

const HOUR_MS = 3_600_000;

/** Switches to and fro, one an hour until now, in segments of a few kilobytes. */
function fillJournal(home: string, switches: number, segmentBytes = 1024 * 1024): void {
  for (let index = 0; index < switches; index++) {
    const clock = { now: () => Date.now() - (switches - index) * HOUR_MS };
    const persona = index % 2 === 0 ? "backend-engineer" : "testing-specialist";
    const data = { persona, chatmode: "default", startedAt: clock.now(), idleTimeoutMs: 8 * HOUR_MS };
    const fact = makeFact(
      { env: {}, clock, version: "0.0.0" },
      { type: "persona.switched", scope: "global", data },
    );
    appendFact({ dir: join(home, "journal"), segmentBytes }, fact);
  }
}

const entriesOf = (document: Record<string, unknown>) =>
  document.entries as { from: string; to: string; at: string }[];

test("shows the latest, the oldest of them first, with durations", async () => {
  const { run, home } = sandboxOfTest();
  expect((await run(["history"])).stdout).toBe("Nothing has happened yet.\n");
  expect(entriesOf(documentOf(await run(["history", "--json"])))).toEqual([]);
  fillJournal(home, 30);
  const lines = (await run(["history"])).stdout.trimEnd().split("\n");
  expect(lines).toHaveLength(20);
  expect(lines.at(-1)).toMatch(
    /^\d{4}-\d\d-\d\d \d\d:\d\d {2}testing-specialist from backend-engineer after (1h|59m 59s)$/,
  );
  expect(entriesOf(documentOf(await run(["history", "--limit", "25", "--json"])))).toHaveLength(25);
  expect(entriesOf(documentOf(await run(["history", "--since", "210m", "--json"])))).toHaveLength(3);
  const tomorrow = new Date(Date.now() + 24 * HOUR_MS).toISOString();
  expect((await run(["history", "--since", tomorrow])).stdout).toBe("Nothing has happened since then.\n");
  expect((await run(["history", "--since", tomorrow.slice(0, 10)])).code).toBe(0);
  await run(["end"]);
  expect((await run(["history", "--limit", "1"])).stdout).toMatch(/ {2}testing-specialist ended after /);
});

test("goes through the whole journal for more than the ledger remembers", async () => {
  const { run, home } = sandboxOfTest();
  fillJournal(home, 260, 16 * 1024);
  const all = entriesOf(documentOf(await run(["history", "--limit", "1000", "--json"])));
  expect(all).toHaveLength(260);
  expect(all[0]).toMatchObject({ from: "none", to: "backend-engineer" });
  expect(entriesOf(documentOf(await run(["history", "--since", "255h", "--json"]))).length).toBeGreaterThan(
    250,
  );

  // What the first one that is kept replaced is not known any more.
  rmSync(join(home, "journal/00000001.jsonl"));
  const kept = entriesOf(documentOf(await run(["history", "--limit", "1000", "--json"])));
  expect(kept.length).toBeLessThan(260);
  expect(kept.every(({ from }) => from !== "none")).toBe(true);
});

test.each([
  ["--limit", "0"],
  ["--limit", "-1"],
  ["--limit", "many"],
  ["--since", "yesterday"],
  ["--since", "2026-13-45"],
  ["--since", ""],
])("refuses %s %s", async (option, value) => {
  const { run } = sandboxOfTest();
  expect(await run(["history", option, value])).toMatchObject({ code: 2, stdout: "" });
});

test("shows what leads to a persona or away from it, in a chatmode, up to a moment", async () => {
  const { run, home } = sandboxOfTest();
  fillJournal(home, 260, 16 * 1024);
  const ask = async (...args: readonly string[]) =>
    entriesOf(documentOf(await run(["history", ...args, "--json"])));
  await run(["switch", "devops", "--chatmode", "night"]);

  expect(await ask("--persona", "devops")).toMatchObject([{ to: "devops-engineer" }]);
  expect((await ask("--persona", "testing", "--limit", "3")).map(({ to }) => to)).toEqual([
    "backend-engineer",
    "testing-specialist",
    "devops-engineer",
  ]);
  expect(await ask("--persona", "nobody")).toEqual([]);
  expect(await ask("--chatmode", "night")).toHaveLength(1);
  expect(await ask("--chatmode", "night", "--persona", "frontend")).toEqual([]);

  const month = await ask("--since", "255h", "--until", "250h");
  expect(month.length).toBeGreaterThanOrEqual(4);
  expect(month.length).toBeLessThanOrEqual(6);
  const oldest = await ask("--until", "258h", "--limit", "1000");
  expect(oldest[0]).toMatchObject({ from: "none" });
  // Of a day all of it, to its end.
  const today = new Date();
  const day = [today.getFullYear(), today.getMonth() + 1, today.getDate()]
    .map((part) => String(part).padStart(2, "0"))
    .join("-");
  expect((await ask("--until", day, "--limit", "1")).at(-1)).toMatchObject({ to: "devops-engineer" });

  expect((await run(["history", "--until", "yesterday"])).stderr).toContain('"yesterday"');
  expect((await run(["history", "--persona", "nobody"])).stdout).toBe("Nothing of that kind has happened.\n");
});

test("tells the chatmode of the session that a switch leads away from, unless it is the default one", async () => {
  const { run } = sandboxOfTest();
  await run(["switch", "testing", "--chatmode", "tdd"]);
  await run(["switch", "testing", "--chatmode", "review"]);
  await run(["switch", "backend"]);
  await run(["switch", "devops"]);
  const lines = (await run(["history"])).stdout.trimEnd().split("\n");
  const told = lines.map((line) => line.replace(/^\S+ \S+ {2}/, "").replace(/ after .*/, ""));
  expect(told).toEqual([
    "testing-specialist [tdd]",
    "testing-specialist [review] from testing-specialist [tdd]",
    "backend-engineer from testing-specialist [review]",
    "devops-engineer from backend-engineer",
  ]);
  const entries = entriesOf(documentOf(await run(["history", "--json"])));
  expect(entries.map((entry) => "fromChatmode" in entry && entry.fromChatmode)).toEqual([
    false,
    "tdd",
    "review",
    false,
  ]);
});
