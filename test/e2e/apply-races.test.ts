import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type KillPoint, killAt, logSteps, readSteps } from "../support/preloads.ts";
import type { Sandbox } from "../support/run-binary.ts";
import { configuredSandbox, PERSONAS, switchesInJournal } from "./delivery-home.ts";

const FILES = [".cursor/mcp.json", ".gemini/settings.json", ".config/mcp/mcp_settings.json"];
const CONFIG = { apply: { targets: "cursor,gemini,generic" } };

const content = (persona: string) =>
  `{\n  "mcpServers": {\n    "h": { "args": ["hypertool", "--persona", "${persona}"] }\n  }\n}\n`;

/** A home in which one switch has been applied to three files. */
async function begin(sandbox: Sandbox, persona: string): Promise<void> {
  for (const file of FILES) {
    mkdirSync(dirname(join(sandbox.userHome, file)), { recursive: true });
    writeFileSync(join(sandbox.userHome, file), content("old"));
  }
  expect(await sandbox.run(["switch", persona])).toMatchObject({ code: 0, stderr: "" });
}

/** Whom each file names; a file that is torn fails here. */
function named(sandbox: Sandbox): readonly string[] {
  return FILES.map((file) => {
    const text = readFileSync(join(sandbox.userHome, file), "utf8");
    const persona = JSON.parse(text).mcpServers.h.args[2] as string;
    expect(text).toBe(content(persona));
    return persona;
  });
}

function leftovers(sandbox: Sandbox): readonly string[] {
  return FILES.flatMap((file) => readdirSync(dirname(join(sandbox.userHome, file)))).filter((name) =>
    /tmp$/.test(name),
  );
}

test("fifty switches at once leave every file valid, and naming whom the journal names", async () => {
  const sandbox = configuredSandbox(CONFIG);
  onTestFinished(() => sandbox.dispose());
  await begin(sandbox, PERSONAS[0]);
  const runs = Array.from({ length: 50 }, (_, i) =>
    sandbox.run(["switch", PERSONAS[(i + 1) % PERSONAS.length] ?? ""]),
  );
  let isOver = false;
  // Whoever reads at any moment finds a whole file.
  const watching = (async () => {
    while (!isOver) {
      named(sandbox);
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const results = await Promise.all(runs);
  isOver = true;
  await watching;
  for (const { code, stderr } of results) expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const current = (await sandbox.run(["current"])).stdout.trimEnd();
  expect(switchesInJournal(sandbox.home).at(-1)?.persona).toBe(current);
  expect(named(sandbox)).toEqual(FILES.map(() => current));
  expect(leftovers(sandbox)).toEqual([]);
  expect(readdirSync(join(sandbox.home, "backups")).length).toBeLessThanOrEqual(10);
});

test("a switch that is killed at each of its steps leaves files valid, and apply repairs", async () => {
  const steps = await listSteps(["switch", PERSONAS[1]]);
  expect(steps.filter((step) => step.startsWith("renameSync:") && step.includes("mcp"))).not.toEqual([]);
  await killEverywhere(["switch", PERSONAS[1]], steps, PERSONAS[1]);
});

test("an undo that is killed at each of its steps, likewise", async () => {
  const steps = await listSteps(["undo"]);
  await killEverywhere(["undo"], steps, PERSONAS[0]);
});

/** A home in which the command can run, made once; `run` works in it as it was made, each time. */
async function withPrepared<T>(
  argv: readonly string[],
  use: (run: <R>(work: (sandbox: Sandbox) => Promise<R>) => Promise<R>) => Promise<T>,
): Promise<T> {
  const sandbox = configuredSandbox(CONFIG);
  try {
    await begin(sandbox, PERSONAS[0]);
    // Undo needs something to undo.
    if (argv[0] === "undo") expect((await sandbox.run(["switch", PERSONAS[1]])).code).toBe(0);
    const putBack = keep(sandbox.home, sandbox.userHome);
    return await use((work) => {
      putBack();
      return work(sandbox);
    });
  } finally {
    await sandbox.dispose();
  }
}

/** Copies the directories beside themselves; what it returns puts the copies in their place. */
function keep(...directories: readonly string[]): () => void {
  for (const directory of directories) cpSync(directory, `${directory}-kept`, { recursive: true });
  return () => {
    for (const directory of directories) {
      rmSync(directory, { recursive: true });
      cpSync(`${directory}-kept`, directory, { recursive: true });
    }
  };
}

function listSteps(argv: readonly string[]): Promise<readonly string[]> {
  return withPrepared(argv, (run) =>
    run(async (sandbox) => {
      const log = join(sandbox.project, "steps");
      expect(await sandbox.run(argv, logSteps(log))).toMatchObject({ code: 0 });
      return readSteps(log);
    }),
  );
}

async function killEverywhere(
  argv: readonly string[],
  steps: readonly string[],
  wanted: string,
): Promise<void> {
  const points: KillPoint[] = steps.flatMap((step, index) => [
    { step: index + 1, when: "before" as const },
    ...(step.startsWith("writeSync") ? [{ step: index + 1, when: "torn" as const }] : []),
    ...(index === steps.length - 1 ? [{ step: index + 1, when: "after" as const }] : []),
  ]);
  const failures: unknown[] = [];
  const workers = Array.from({ length: 3 }, () =>
    withPrepared(argv, async (run) => {
      for (let point = points.shift(); point !== undefined; point = points.shift()) {
        const { step } = point;
        const what = `${argv.join(" ")} killed ${point.when} step ${step}, ${steps[step - 1]}`;
        const preload = killAt(point);
        await run((sandbox) => killAndRepair(sandbox, argv, preload, what, wanted)).catch((error: unknown) =>
          failures.push(error),
        );
      }
    }),
  );
  await Promise.all(workers);
  expect(failures).toEqual([]);
}

async function killAndRepair(
  sandbox: Sandbox,
  argv: readonly string[],
  preload: ReturnType<typeof killAt>,
  what: string,
  wanted: string,
): Promise<void> {
  const killed = await sandbox.run(argv, preload);
  expect(killed.signal, what).toBe("SIGKILL");
  const before = named(sandbox);
  const current = switchesInJournal(sandbox.home).at(-1)?.persona ?? "";
  const other = wanted === PERSONAS[0] ? PERSONAS[1] : PERSONAS[0];
  // Each file is as it was or as it should be; and never ahead of the journal.
  for (const persona of before) expect([wanted, other], what).toContain(persona);
  if (current !== wanted) expect(before, what).toEqual(FILES.map(() => other));
  expect(await sandbox.run(["apply"]), what).toMatchObject({ code: 0, stderr: "" });
  expect(named(sandbox), what).toEqual(FILES.map(() => current));
  expect(leftovers(sandbox), what).toEqual([]);
  // The next one finds nothing in its way.
  expect(await sandbox.run(["switch", PERSONAS[2]]), what).toMatchObject({ code: 0, stderr: "" });
  expect(named(sandbox), what).toEqual(FILES.map(() => PERSONAS[2]));
  expect(existsSync(join(sandbox.home, "backups")), what).toBe(true);
}
