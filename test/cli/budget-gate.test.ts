import fs from "node:fs";
import { tmpdir } from "node:os";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { budgetRefusal } from "../../src/cli/budget-gate.ts";
import { ExitCode } from "../../src/core/errors.ts";
import { awayFromMidnight } from "../support/away-from-midnight.ts";
import { bundleScript, type RunningScript, startScript } from "../support/node-script.ts";
import type { Sandbox } from "../support/run-binary.ts";
import { waitFor } from "../support/wait-for.ts";
import { documentOf, sandboxOfTest } from "./sandboxes.ts";

beforeEach(awayFromMidnight);

/**
 * Asks for tokens when it is told to, on a line of standard input, and does with them what the next line says:
 * `use <tokens>` records a call, `release` gives them back. Ends with its input.
 */
const CALLER = `
  import fs from "node:fs";
  import { createInterface } from "node:readline";
  import { releaseReservation, reserveTokens, warnSoft } from "./src/cli/budget-gate.ts";
  import { readSettings } from "./src/config/settings.ts";
  import { systemClock } from "./src/core/clock.ts";
  import { resolveHome } from "./src/core/home.ts";
  import { appendFact } from "./src/journal/append.ts";
  import { makeFact } from "./src/journal/make-fact.ts";

  const [tokens, limit, segmentBytes = "1000000"] = process.argv.slice(2).map(Number);
  const persona = "backend-engineer";
  const home = resolveHome(process.env, process.platform).value;
  const output = { note: (line) => fs.writeSync(2, line + "\\n") };
  const settings = { ...readSettings(home.configFile, {}), segmentBytes };
  const ctx = { home, env: {}, clock: systemClock, version: "0.0.0", settings, output, cwd: () => home.data };
  const budget = limit > 0 ? { tokens: limit, window: "day", isHard: true } : undefined;
  const say = (line) => fs.writeSync(1, line + "\\n");
  let grant;
  say("ready");
  createInterface(process.stdin).on("line", (line) => {
    const [word, amount] = line.split(" ");
    if (word === "ask") {
      grant = reserveTokens(ctx, { persona, tokens, budget });
      say(grant.granted ? "granted " + grant.reservation : "refused " + grant.view.used + " " + grant.view.reserved);
    } else if (word === "use") {
      const { reservation } = grant ?? {};
      const data = { persona, chatmode: "default", model: "m", outcome: "ok", tokens: Number(amount), costUsd: null, budget, reservation };
      appendFact({ dir: home.journal, segmentBytes }, makeFact(ctx, { type: "llm.called", scope: "global", data }));
      warnSoft(ctx, persona);
      say("used");
    } else {
      releaseReservation(ctx, { persona, reservation: grant.reservation });
      say("released");
    }
  });
`;

let caller: string;

beforeAll(() => {
  const directory = fs.mkdtempSync(`${tmpdir()}/tta-persona-caller-`);
  caller = bundleScript(directory, "caller", CALLER);
  return () => fs.rmSync(directory, { recursive: true });
});

interface Caller extends RunningScript {
  /** Sends a line and resolves to what it answers. */
  tell(line: string): Promise<string>;
}

async function startCaller({ home }: Sandbox, ...args: number[]): Promise<Caller> {
  const script = startScript(caller, args.map(String), { env: { TTA_PERSONA_HOME: home } });
  const answer = (count: number) =>
    waitFor(() => script.lines()[count], { what: `line ${count} of a caller` });
  await answer(0);
  return {
    ...script,
    tell(line) {
      const count = script.lines().length;
      script.child.stdin.write(`${line}\n`);
      return answer(count);
    },
  };
}

async function end(callers: readonly Caller[]): Promise<string[]> {
  for (const { child } of callers) child.stdin.end();
  const ends = await Promise.all(callers.map(({ closed }) => closed));
  expect(ends.map(({ code }) => code)).toEqual(callers.map(() => 0));
  return ends.map(({ stderr }) => stderr);
}

async function standing({ run }: Sandbox) {
  const { budgets } = documentOf(await run(["budget", "show", "backend", "--json"]));
  return (budgets as Record<string, unknown>[])[0];
}

test("16 processes that race for the last tokens do not overshoot, also while the journal rotates", async () => {
  const sandbox = sandboxOfTest();
  await sandbox.run(["budget", "set", "backend", "1000", "--hard"]);
  const callers = await Promise.all(Array.from({ length: 16 }, () => startCaller(sandbox, 150, 0, 2000)));
  const answers = await Promise.all(callers.map(({ tell }) => tell("ask")));
  const granted = callers.filter((_, index) => answers[index]?.startsWith("granted"));
  expect(granted).toHaveLength(6);
  expect(await standing(sandbox)).toMatchObject({ used: 0, reserved: 900, remaining: 1000 });

  await Promise.all(granted.map(({ tell }) => tell("use 140")));
  expect(await standing(sandbox)).toMatchObject({ used: 840, reserved: 0, remaining: 160 });
  const more = await Promise.all(callers.map(({ tell }) => tell("ask")));
  expect(more.filter((line) => line.startsWith("granted"))).toHaveLength(1);
  await end(callers);
});

test("what was given back can be had by another one", async () => {
  const sandbox = sandboxOfTest();
  const [first, second] = [await startCaller(sandbox, 80, 100), await startCaller(sandbox, 80, 100)];
  expect(await first.tell("ask")).toMatch(/^granted [0-9a-f]{32}$/);
  expect(await second.tell("ask")).toBe("refused 0 80");
  expect(await first.tell("release")).toBe("released");
  expect(await second.tell("ask")).toMatch(/^granted/);
  await end([first, second]);
});

test("what a killed process had reserved is not shown, and released by whoever asks next", async () => {
  const sandbox = sandboxOfTest();
  await sandbox.run(["budget", "set", "backend", "100", "--hard"]);
  const [killed, next] = [await startCaller(sandbox, 80, 0), await startCaller(sandbox, 80, 0)];
  const [, reservation] = (await killed.tell("ask")).split(" ");
  expect(await standing(sandbox)).toMatchObject({ reserved: 80 });
  killed.child.kill("SIGKILL");
  await killed.closed;
  expect(await standing(sandbox)).toMatchObject({ reserved: 0 });
  expect(await next.tell("ask")).toMatch(/^granted/);
  expect(await standing(sandbox)).toMatchObject({ reserved: 80 });
  const journal = fs.readFileSync(`${sandbox.home}/journal/00000001.jsonl`, "utf8");
  const released = journal.split("\n").filter((line) => line.includes('"budget.released"'));
  expect(released).toHaveLength(1);
  expect(released[0]).toContain(`"reservation":"${reservation}"`);
  await end([next]);
});

test("asking reads no more in a long journal than in a short one: its snapshot is renewed", async () => {
  const sandbox = sandboxOfTest();
  const one = await startCaller(sandbox, 1, 100_000);
  for (let i = 0; i < 600; i++) one.child.stdin.write("use 1\n");
  await waitFor(() => one.lines().length > 600, { what: "600 calls" });
  expect(await standing(sandbox)).toMatchObject({ used: 600 });
  const ledger = JSON.parse(fs.readFileSync(`${sandbox.home}/state/ledger.json`, "utf8"));
  expect(ledger.cursor.seq).toBe(600);
  await end([one]);
});

test("a soft budget, or none, is no matter of asking", async () => {
  const sandbox = sandboxOfTest();
  await sandbox.run(["budget", "set", "backend", "100", "--soft"]);
  const one = await startCaller(sandbox, 500, 50);
  expect(await one.tell("ask")).toBe("granted undefined");
  await sandbox.run(["budget", "set", "backend", "none"]);
  expect(await one.tell("ask")).toBe("granted undefined");
  await sandbox.run(["budget", "set", "backend", "100", "--hard"]);
  expect(await one.tell("ask")).toBe("refused 0 0");
  await end([one]);
});

test("of many processes one warns, when 80 % are used", async () => {
  const sandbox = sandboxOfTest();
  await sandbox.run(["budget", "set", "backend", "1000"]);
  const callers = await Promise.all(Array.from({ length: 8 }, () => startCaller(sandbox, 1, 0)));
  await Promise.all(callers.map(({ tell }) => tell("use 90")));
  const second = await Promise.all(callers.map(({ tell }) => tell("use 90")));
  expect(second).toHaveLength(8);
  await callers[0]?.tell("use 90");
  const warnings = (await end(callers)).filter((stderr) => stderr !== "");
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(
    /^backend-engineer has used (?:[89]\d\d|1,[0-4]\d\d) of 1,000 tokens per day \(\d+ %\), until \d{4}-\d\d-\d\d 00:00 UTC\n$/,
  );
});

test("a refusal says what is used, until when, and how to raise it", () => {
  const budget = { tokens: 1000, window: "day", isHard: true } as const;
  const view = { budget, used: 900, reserved: 50, remaining: 100, end: Date.UTC(2026, 10, 25) };
  expect(budgetRefusal("architect", 200, view)).toMatchObject({
    exitCode: ExitCode.budget,
    reason: "budget-exceeded",
    message:
      "architect may use 1,000 tokens per day: 900 are used and 50 reserved, and this call may take 200.",
    hint: "Its window ends at 2026-11-25 00:00 UTC. To raise the budget: tta-persona budget set architect <tokens>",
  });
});
