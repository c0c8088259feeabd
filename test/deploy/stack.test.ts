import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { listenOn } from "../support/listener.ts";
import { realServersAvailable } from "../support/real-servers.ts";
import { createSandbox, repositoryRoot } from "../support/run-binary.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { waitFor } from "../support/wait-for.ts";

const SCRIPT = join(repositoryRoot, "scripts/stack.mjs");
const MINUTE_MS = 60_000;

interface Stack {
  readonly child: ChildProcess;
  readonly data: string;
  readonly output: () => string;
  readonly errors: () => string;
  /** Resolves with the exit code. */
  readonly exit: Promise<number | null>;
}

function launch(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  data = join(temporaryDirectory(), "stack"),
): Stack {
  const child = spawn(process.execPath, [SCRIPT, "--data", data, ...args], {
    env: { PATH: process.env.PATH ?? "", HOME: data, ...env },
  });
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk) => {
    output += String(chunk);
  });
  child.stderr.on("data", (chunk) => {
    errors += String(chunk);
  });
  const exit = once(child, "close").then(([code]) => code as number | null);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exit;
  });
  return { child, data, output: () => output, errors: () => errors, exit };
}

/** Servers that work on a directory. */
function serversOf(data: string): readonly { readonly pid: number; readonly command: string }[] {
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  return pids.flatMap((pid) => {
    const [command = "", ...args] = argumentsOf(pid);
    const isServer = command !== "sh" && args.some((word) => word.includes(`=${data}/`));
    return isServer ? [{ pid, command }] : [];
  });
}

/** None of one that has gone meanwhile. */
function argumentsOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

async function isUp(
  stack: Stack,
): Promise<Readonly<Record<"Pushgateway" | "Alertmanager" | "Prometheus", string>>> {
  const text = await waitFor(
    () => (stack.output().includes("Ctrl-C stops all three") ? stack.output() : undefined),
    {
      what: `the stack to be up; so far: ${stack.errors()}`,
      timeoutMs: 2 * MINUTE_MS,
    },
  );
  const url = (name: string) =>
    new RegExp(`^${name} +(http://127\\.0\\.0\\.1:\\d+)$`, "m").exec(text)?.[1] ?? "";
  return {
    Pushgateway: url("Pushgateway"),
    Alertmanager: url("Alertmanager"),
    Prometheus: url("Prometheus"),
  };
}

async function ask<Data>(url: string): Promise<Data> {
  return ((await (await fetch(url)).json()) as { data: Data }).data;
}

describe.skipIf(!realServersAvailable())("npm run stack", { timeout: 5 * MINUTE_MS }, () => {
  test("starts all three: what is pushed is scraped, rules and Alertmanager are in place; Ctrl-C ends it", async () => {
    const stack = launch(["--free-ports"]);
    const urls = await isUp(stack);
    expect(stack.output()).toContain(`export PUSHGATEWAY_URL=${urls.Pushgateway}\n`);
    expect(statSync(stack.data).mode & 0o777).toBe(0o700);

    const sandbox = createSandbox();
    onTestFinished(() => sandbox.dispose());
    const env = { PUSHGATEWAY_URL: urls.Pushgateway, TTA_PERSONA_DELIVERY: "foreground" };
    expect(await sandbox.run(["backend"], { env })).toMatchObject({ code: 0, stderr: "" });

    const query = encodeURIComponent('hypertool_persona_switches_total{job="tta-persona"}');
    const { result } = await waitFor(
      async () => {
        const data = await ask<{ result: readonly { value: readonly [number, string] }[] }>(
          `${urls.Prometheus}/api/v1/query?query=${query}`,
        );
        return data.result.length > 0 ? data : undefined;
      },
      { what: "the first scrape", timeoutMs: 2 * MINUTE_MS, intervalMs: 200 },
    );
    expect(result.map(({ value }) => value[1])).toContain("1");

    const { activeAlertmanagers } = await waitFor(
      async () => {
        const data = await ask<{ activeAlertmanagers: readonly { url: string }[] }>(
          `${urls.Prometheus}/api/v1/alertmanagers`,
        );
        return data.activeAlertmanagers.length > 0 ? data : undefined;
      },
      { what: "Prometheus to find the Alertmanager", timeoutMs: MINUTE_MS },
    );
    expect(activeAlertmanagers).toEqual([{ url: `${urls.Alertmanager}/api/v2/alerts` }]);

    const { groups } = await ask<{ groups: readonly { file: string }[] }>(`${urls.Prometheus}/api/v1/rules`);
    const files = new Set(groups.map(({ file }) => file));
    const ours = ["recording-rules.yaml", "alerts.yaml"].map((name) => join(repositoryRoot, "alerts", name));
    expect([...files].sort()).toEqual(ours.filter((file) => existsSync(file)).sort());

    expect(serversOf(stack.data)).toHaveLength(3);
    stack.child.kill("SIGINT");
    expect(await stack.exit).toBe(0);
    expect(serversOf(stack.data)).toEqual([]);
    expect(stack.errors()).toBe("");
    // The gateway has written down what it had.
    expect(readFileSync(join(stack.data, "pushgateway.metrics")).length).toBeGreaterThan(0);
  });

  test("a server that dies is told with its last lines, and ends the rest", async () => {
    const stack = launch(["--free-ports"]);
    await isUp(stack);
    const victim = serversOf(stack.data).find(({ command }) => command.includes("alertmanager"));
    process.kill(Number(victim?.pid), "SIGKILL");
    expect(await stack.exit).toBe(1);
    expect(stack.errors()).toMatch(/^Alertmanager ended by itself \(137\)\. Its last lines:\n {2}.*msg=/);
    expect(serversOf(stack.data)).toEqual([]);
  });

  test("nothing stays behind when it is killed itself, and SIGTERM ends it like Ctrl-C", async () => {
    const killed = launch(["--free-ports"]);
    await isUp(killed);
    killed.child.kill("SIGKILL");
    await waitFor(() => serversOf(killed.data).length === 0, {
      what: "the servers to follow it",
      timeoutMs: MINUTE_MS,
    });

    const ended = launch(["--free-ports"]);
    await waitFor(() => serversOf(ended.data).length > 0, { what: "the first server", timeoutMs: MINUTE_MS });
    ended.child.kill("SIGTERM");
    expect(await ended.exit).toBe(0);
    expect(serversOf(ended.data)).toEqual([]);
  });

  test("a port in use is told, with who wanted it, before anything starts", async () => {
    const taken = await listenOn(createServer());
    onTestFinished(() => taken.shut());
    const stack = launch(["--port-base", String(taken.port - 1)]);
    expect(await stack.exit).toBe(1);
    expect(stack.errors()).toContain(`Port ${taken.port}, which is Pushgateway's, is in use.`);
    expect(stack.errors()).toContain("--port-base");
    expect(existsSync(stack.data)).toBe(false);
  });

  test("a server that cannot start is told with its last lines", async () => {
    const data = temporaryDirectory();
    writeFileSync(join(data, "prometheus"), "in the way");
    const stack = launch(["--free-ports"], {}, data);
    expect(await stack.exit).toBe(1);
    expect(stack.errors()).toMatch(/^Prometheus ended by itself \(\d+\)\. Its last lines:\n/);
    expect(stack.errors()).toContain("not a directory");
    expect(serversOf(data)).toEqual([]);
  });

  test("a directory belongs to one stack at a time, and not to one that was killed", async () => {
    const data = temporaryDirectory();
    const first = launch(["--free-ports"], {}, data);
    await isUp(first);
    const second = launch(["--free-ports"], {}, data);
    expect(await second.exit).toBe(1);
    expect(second.errors()).toContain(
      `Another stack (process ${first.child.pid}) keeps its data in ${data}.`,
    );
    expect(serversOf(data)).toHaveLength(3);
    first.child.kill("SIGKILL");
    await waitFor(() => serversOf(data).length === 0, { what: "the servers to end", timeoutMs: MINUTE_MS });
    const third = launch(["--free-ports"], {}, data);
    await isUp(third);
    third.child.kill("SIGINT");
    expect(await third.exit).toBe(0);
  });
});

test("missing programs are told with the packages that bring them", async () => {
  const stack = launch([], { PATH: temporaryDirectory() });
  expect(await stack.exit).toBe(1);
  expect(stack.errors()).toContain(
    "Not found in PATH: prometheus-pushgateway, prometheus-alertmanager, prometheus.",
  );
  expect(stack.errors()).toContain("prometheus-pushgateway prometheus-alertmanager prometheus\n");
});

test.each([["--port-base", "much"], ["--port-base", "65534"], ["--prot-base", "9090"], ["up"]])(
  "turns down %s %s",
  async (...args) => {
    const stack = launch(args);
    expect(await stack.exit).toBe(1);
    expect(stack.errors()).toContain(
      args[0]?.startsWith("--port") ? "--port-base takes" : "npm run stack --",
    );
    expect(stack.errors()).not.toContain("    at ");
  },
);
