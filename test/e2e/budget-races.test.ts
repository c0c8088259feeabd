import { existsSync, rmSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { isLlmCalled } from "../../src/projection/facts.ts";
import type { BudgetReserved } from "../../src/projection/llm-facts.ts";
import { documentOf } from "../cli/sandboxes.ts";
import { readAll } from "../journal/a-fact.ts";
import { awayFromMidnight } from "../support/away-from-midnight.ts";
import { type FakeModel, startFakeModel } from "../support/fake-model.ts";
import { withFaults } from "../support/preloads.ts";
import type { Sandbox } from "../support/run-binary.ts";
import { waitFor } from "../support/wait-for.ts";
import { configuredSandbox } from "./delivery-home.ts";

beforeEach(awayFromMidnight);

const CALLS = 16;
const ASK = [
  "llm",
  "Hi",
  "--model",
  "openai/gpt-4o",
  "--no-stream",
  "--max-tokens",
  "500",
  "--persona",
  "backend-engineer",
];

interface Scene {
  readonly sandbox: Sandbox;
  readonly model: FakeModel;
  readonly env: Readonly<Record<string, string>>;
  /** Requests that wait for their answer. */
  readonly waiting: ServerResponse[];
}

async function scene(limit: number): Promise<Scene> {
  const sandbox = configuredSandbox({ delivery: { mode: "off" } });
  onTestFinished(() => sandbox.dispose());
  const waiting: ServerResponse[] = [];
  const model = await startFakeModel((response) => void waiting.push(response));
  const env = { OPENAI_API_KEY: "sk-test-0123456789abcdef", OPENAI_BASE_URL: `${model.url}/v1` };
  await sandbox.run(["budget", "set", "backend-engineer", String(limit), "--hard"]);
  return { sandbox, model, env, waiting };
}

function answer(response: ServerResponse, input: number, output: number): void {
  const choices = [{ index: 0, message: { role: "assistant", content: "Yes." }, finish_reason: "stop" }];
  const usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ id: "c-1", model: "gpt-4o", choices, usage }));
}

const facts = ({ home }: Sandbox) => readAll(join(home, "journal")).facts;

const reservations = (sandbox: Sandbox) =>
  facts(sandbox).flatMap(({ type, data }) =>
    type === "budget.reserved" ? [data as unknown as BudgetReserved] : [],
  );

async function standing(sandbox: Sandbox) {
  const { budgets } = documentOf(await sandbox.run(["budget", "show", "backend-engineer", "--json"]));
  return (budgets as { used: number; reserved: number; remaining: number }[])[0];
}

/** What one call sets aside: it depends on the length of the persona's instructions. */
async function oneReservation(): Promise<number> {
  const { sandbox, env, waiting } = await scene(1_000_000);
  const running = sandbox.spawn(ASK, { env });
  answer(await waitFor(() => waiting[0], { what: "the request" }), 10, 10);
  expect(await running.result).toMatchObject({ code: 0 });
  const [reserved] = reservations(sandbox);
  if (reserved === undefined) throw new Error("nothing was reserved");
  return reserved.tokens;
}

test("16 calls that race for the last tokens get no more than there are", async () => {
  const each = await oneReservation();
  const limit = each * 3 + Math.floor(each / 2);
  const { sandbox, model, env, waiting } = await scene(limit);
  let ended = 0;
  // Held where each has seen that there is enough, and none has asked for it yet.
  const gates = Array.from({ length: CALLS }, (_, index) => join(sandbox.project, `gate-${index}`));
  const calls = gates.map((gate) => {
    const { nodeArgs, env: faults } = withFaults(`pause:writeSync:/journal/:${gate}`);
    return sandbox.spawn(ASK, { env: { ...env, ...faults }, nodeArgs });
  });
  await waitFor(() => gates.every((gate) => existsSync(`${gate}.waiting`)), {
    what: "all to be about to ask",
  });
  for (const gate of gates) writeFileSync(gate, "");
  for (const { result } of calls) void result.then(() => ended++);
  await waitFor(() => waiting.length + ended === CALLS, {
    what: "all to ask or to be refused",
  });
  // All that are allowed are under way at once: now each takes all that it may.
  const granted = waiting.length;
  for (const response of waiting) answer(response, each - 500, 500);
  const codes = (await Promise.all(calls.map(({ result }) => result))).map(({ code }) => code);
  expect(granted).toBe(3);
  expect(codes.toSorted()).toEqual([0, 0, 0, ...Array.from({ length: CALLS - 3 }, () => 4)]);
  expect(model.requests()).toHaveLength(3);
  const outcomes = facts(sandbox)
    .filter(isLlmCalled)
    .map(({ data }) => data.outcome);
  expect(outcomes.toSorted()).toEqual([
    ...Array.from({ length: CALLS - 3 }, () => "blocked"),
    "ok",
    "ok",
    "ok",
  ]);
  const after = await standing(sandbox);
  expect(after).toMatchObject({ used: 3 * each, reserved: 0, remaining: limit - 3 * each });

  // What was used is not kept in a process, nor only in a snapshot.
  rmSync(join(sandbox.home, "state"), { recursive: true, force: true });
  expect(await standing(sandbox)).toEqual(after);
  const refused = await sandbox.run(ASK, { env });
  expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining("budget set backend-engineer") });
  await sandbox.run(["budget", "reset", "backend-engineer"]);
  const again = sandbox.spawn(ASK, { env });
  answer(await waitFor(() => waiting[3], { what: "a call after the reset" }), 1, 1);
  expect(await again.result).toMatchObject({ code: 0 });
});

test("a call that takes more than it set aside overshoots by its own excess alone", async () => {
  const each = await oneReservation();
  const { sandbox, env, waiting } = await scene(2 * each);
  const calls = [sandbox.spawn(ASK, { env }), sandbox.spawn(ASK, { env })];
  await waitFor(() => waiting.length === 2, { what: "both to ask" });
  for (const response of waiting) answer(response, each, 50);
  await Promise.all(calls.map(({ result }) => result));
  expect(await standing(sandbox)).toMatchObject({ used: 2 * each + 100, remaining: -100 });
  expect(await sandbox.run(ASK, { env })).toMatchObject({ code: 4 });
});

test("what a killed call had set aside is there for the next", async () => {
  const each = await oneReservation();
  const { sandbox, env, waiting } = await scene(each);
  const running = sandbox.spawn(ASK, { env });
  await waitFor(() => waiting.length === 1, { what: "the request" });
  expect(await sandbox.run(ASK, { env })).toMatchObject({ code: 4 });
  running.child.kill("SIGKILL");
  await running.result;
  const next = sandbox.spawn(ASK, { env });
  answer(await waitFor(() => waiting[1], { what: "the next request" }), 1, 1);
  expect(await next.result).toMatchObject({ code: 0 });
});
