import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { currentOwner, isProvablyDead } from "../../src/core/owner.ts";
import { endLeftoverGroup } from "../../src/workflow/process-group.ts";
import { type ProcessRequest, type RunningProcess, runProcess } from "../../src/workflow/run-process.ts";
import { bundleScript } from "../support/node-script.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { waitFor } from "../support/wait-for.ts";

/** A script that runs in a directory of its own, where it leaves files. */
function run(script: string, changes: Partial<ProcessRequest> = {}) {
  const cwd = temporaryDirectory();
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const running = runProcess({
    file: "sh",
    args: ["-c", script],
    cwd,
    env: { PATH: process.env.PATH },
    stdio: { onOutput: (stream, chunk) => void chunks[stream].push(chunk) },
    stdin: "ignore",
    ownGroup: true,
    // Only what does not end at all is killed, however slow the machine is.
    graceMs: 60_000,
    clock: systemClock,
    ...changes,
  });
  onTestFinished(() => killForSure(running));
  const read = (name: string) => {
    try {
      return fs.readFileSync(join(cwd, name), "utf8");
    } catch {
      return "";
    }
  };
  const output = (stream: "stdout" | "stderr") => Buffer.concat(chunks[stream]).toString();
  /** Until a script has written its pid to a file. */
  const pidIn = async (name: string) => Number(await waitFor(() => read(name).trim(), { what: name }));
  const touch = (name: string) => fs.writeFileSync(join(cwd, name), "");
  return { running, read, output, pidIn, touch };
}

/** From now on timers go off when the test says that so much time has passed, however slow the machine is. */
function timersByHand(): (ms: number) => void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  return (ms) => void vi.advanceTimersByTime(ms);
}

function killForSure({ pid }: RunningProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It is gone, as it should.
  }
}

const isGone = (pid: number) => isProvablyDead(currentOwner(pid));

test("hands on output, arguments and environment as they are", async () => {
  const { running, output } = run('printf "%s|" "$@"; printf "$A" >&2', {
    args: ["-c", 'printf "%s|" "$@"; printf "%s" "$A" >&2', "sh", "a b", "$(id)", "'\n\""],
    env: { PATH: process.env.PATH, A: "x\ny" },
  });
  const result = await running.result;
  expect(result).toMatchObject({ exitCode: 0, timedOut: false, cancelled: false });
  expect(result).not.toHaveProperty("errorType");
  expect(result.endedAt).toBeGreaterThanOrEqual(result.startedAt);
  expect(output("stdout")).toBe("a b|$(id)|'\n\"|");
  expect(output("stderr")).toBe("x\ny");
});

test.each([
  ["exit 1", { exitCode: 1, errorType: "1" }],
  ["exit 42", { exitCode: 42, errorType: "42" }],
  ["kill -INT $$", { exitCode: 130, signal: "SIGINT", errorType: "SIGINT" }],
  ["kill -TERM $$", { exitCode: 143, signal: "SIGTERM", errorType: "SIGTERM" }],
  ["kill -KILL $$", { exitCode: 137, signal: "SIGKILL", errorType: "SIGKILL" }],
])("%s", async (script, expected) => {
  for (const ownGroup of [true, false]) {
    expect(await run(script, { ownGroup }).running.result).toMatchObject({ ...expected, cancelled: false });
  }
});

test.each([
  ["no such program", { file: "no-such-program" }, 127, "ENOENT"],
  ["no such directory", { cwd: "/no/such/directory" }, 127, "ENOENT"],
  ["a file that may not be run", { file: "/etc/passwd" }, 126, "EACCES"],
  ["arguments beyond what the system takes", { args: ["x".repeat(3_000_000)] }, 126, "E2BIG"],
  ["an argument with a NUL byte", { args: ["a\0b"] }, 126, "ERR_INVALID_ARG_VALUE"],
])("%s is a result", async (_, changes, exitCode, errorType) => {
  const { running } = run("", changes);
  expect(running.pid).toBeUndefined();
  expect(await running.result).toMatchObject({ exitCode, errorType, timedOut: false, cancelled: false });
  running.signal("SIGTERM");
});

test("no descriptors left for its pipes is a result", async () => {
  const script = bundleScript(
    temporaryDirectory(),
    "many",
    `import { openSync } from "node:fs";
    import { runProcess } from "./src/workflow/run-process.ts";
    try { for (;;) openSync("/dev/null", "r"); } catch {}
    const clock = { now: () => 0 };
    const stdio = { onOutput() {} };
    const request = { file: "true", args: [], cwd: "/", env: {}, stdio, stdin: "ignore", ownGroup: true, clock };
    runProcess(request as never).result.then((result) => process._rawDebug(JSON.stringify(result)));`,
  );
  const shell = spawn("sh", ["-c", `ulimit -n 64; exec ${process.execPath} ${script}`]);
  let stderr = "";
  shell.stderr.on("data", (text) => {
    stderr += text;
  });
  await once(shell, "close");
  expect(JSON.parse(stderr)).toMatchObject({ exitCode: 126, errorType: "EMFILE" });
});

test.each(["INT", "TERM", "HUP", "QUIT"])("%s reaches every process of the group once", async (name) => {
  // Each ends when it has had its signal, and time for another one.
  const script = `
    trap 'echo leader >> got' ${name}
    echo $$ > leader
    sh -c 'trap "echo child >> got; got=1" ${name}; echo $$ > child; while [ -z "$got" ]; do sleep 0.05; done; sleep 0.3'
    exit 3`;
  const { running, read, pidIn } = run(script);
  const child = await pidIn("child");
  running.signal(`SIG${name}` as NodeJS.Signals);
  expect(await running.result).toMatchObject({ exitCode: 3, cancelled: true, errorType: "cancelled" });
  expect(read("got").trim().split("\n").sort()).toEqual(["child", "leader"]);
  expect(isGone(child)).toBe(true);
});

test("a background job that does not hear INT is ended with the shell that did", async () => {
  const { running, read, pidIn } = run(
    "sh -c 'trap \"echo term >> got; exit\" TERM; echo $$ > child; while :; do sleep 0.05; done' & trap 'exit 5' INT; wait",
  );
  const child = await pidIn("child");
  running.signal("SIGINT");
  expect(await running.result).toMatchObject({ exitCode: 5, cancelled: true });
  expect(read("got")).toBe("term\n");
  expect(isGone(child)).toBe(true);
});

test("what was told to end by TERM is not told twice when its leader has ended", async () => {
  const { running, read, pidIn } = run(
    "sh -c 'trap \"echo term >> got; got=1\" TERM; echo $$ > child; while [ -z \"$got\" ]; do sleep 0.05; done; sleep 0.5' & trap 'exit 6' TERM; wait",
  );
  const child = await pidIn("child");
  running.signal("SIGTERM");
  expect(await running.result).toMatchObject({ exitCode: 6, cancelled: true });
  expect(read("got")).toBe("term\n");
  expect(isGone(child)).toBe(true);
});

test("a timeout after a cancellation is no second signal", async () => {
  const pass = timersByHand();
  const { running, read, pidIn, touch } = run(
    "trap 'echo term >> got' TERM; echo $$ > ready; until [ -e go ]; do sleep 0.02; done; exit 7",
    { timeoutMs: 600 },
  );
  await pidIn("ready");
  running.signal("SIGTERM");
  await waitFor(() => read("got"), { what: "the signal" });
  pass(1000);
  touch("go");
  expect(await running.result).toMatchObject({ exitCode: 7, timedOut: false, cancelled: true });
  expect(read("got")).toBe("term\n");
  // Its pid may be somebody else's by now.
  running.signal("SIGKILL");
});

test("a process that does not end when it is told to is killed after the grace period", async () => {
  const { running, pidIn } = run("trap '' TERM; echo $$ > ready; while :; do sleep 0.05; done", {
    graceMs: 200,
  });
  await pidIn("ready");
  running.signal("SIGTERM");
  expect(await running.result).toMatchObject({
    exitCode: 137,
    signal: "SIGKILL",
    cancelled: true,
    errorType: "cancelled",
  });
});

test("another signal is handed on and changes nothing", async () => {
  const { running, read, pidIn } = run(
    "trap 'echo usr1 >> got; got=1' USR1; echo $$ > ready; while [ -z \"$got\" ]; do sleep 0.05; done; exit 0",
  );
  await pidIn("ready");
  running.signal("SIGUSR1");
  expect(await running.result).toMatchObject({ exitCode: 0, cancelled: false });
  expect(read("got")).toBe("usr1\n");
});

test("without a group of its own the child alone is signalled", async () => {
  const { running, read, pidIn } = run(
    "sh -c 'trap \"echo child >> got\" TERM; echo $$ > child; while :; do sleep 0.05; done' & trap 'exit 4' TERM; echo $$ > ready; wait",
    { ownGroup: false },
  );
  const child = await pidIn("child");
  onTestFinished(() => void (isGone(child) || process.kill(child, "SIGKILL")));
  await pidIn("ready");
  running.signal("SIGTERM");
  expect(await running.result).toMatchObject({ exitCode: 4 });
  expect(read("got")).toBe("");
});

test("a timeout ends the whole group", async () => {
  const pass = timersByHand();
  const { running, read, pidIn } = run(
    "sleep 60 & echo $! > child; trap 'echo term >> got; exit 0' TERM; echo $$ > ready; wait",
    { timeoutMs: 400 },
  );
  const child = await pidIn("child");
  await pidIn("ready");
  pass(400);
  expect(await running.result).toMatchObject({
    exitCode: 0,
    timedOut: true,
    cancelled: false,
    errorType: "timeout",
  });
  expect(read("got")).toBe("term\n");
  expect(isGone(child)).toBe(true);
});

test("after a timeout, what does not end is killed", async () => {
  const pass = timersByHand();
  const { running, pidIn } = run("trap '' TERM; echo $$ > ready; while :; do sleep 0.05; done", {
    timeoutMs: 200,
    graceMs: 200,
  });
  await pidIn("ready");
  pass(400);
  expect(await running.result).toMatchObject({ exitCode: 137, timedOut: true, errorType: "timeout" });
});

test("a long timeout is no short one", async () => {
  const { running } = run("sleep 0.1", { timeoutMs: 2 ** 40 });
  expect(await running.result).toMatchObject({ exitCode: 0, timedOut: false });
});

test("what stays in the background is ended, though it holds the pipes open", async () => {
  const { running, output, pidIn } = run("sleep 60 & echo $! > child; echo done");
  const result = await running.result;
  expect(result).toMatchObject({ exitCode: 0, cancelled: false });
  expect(result).not.toHaveProperty("errorType");
  expect(output("stdout")).toBe("done\n");
  expect(isGone(await pidIn("child"))).toBe(true);
});

test("what stays in the background and ignores TERM is killed", async () => {
  const { running, pidIn } = run(
    "(trap '' TERM; echo ready > ready; while :; do sleep 0.05; done) & echo $! > child; while [ ! -s ready ]; do sleep 0.02; done",
    { graceMs: 300 },
  );
  expect(await running.result).toMatchObject({ exitCode: 0 });
  expect(isGone(await pidIn("child"))).toBe(true);
});

test.runIf(process.platform === "linux")("what leaves the group is not listened to any longer", async () => {
  const { running, output, read, pidIn } = run(
    `setsid sh -c 'trap "" PIPE; echo $$ > child; while echo x 2> error; do sleep 0.05; done; echo yes > closed' &
    while [ ! -s child ]; do sleep 0.02; done
    echo done >&2`,
  );
  const child = await pidIn("child");
  onTestFinished(() => void (isGone(child) || process.kill(child, "SIGKILL")));
  expect(await running.result).toMatchObject({ exitCode: 0 });
  expect(output("stderr")).toBe("done\n");
  await waitFor(() => read("closed"), { what: "its pipe to be closed" });
});

test("no output is lost that a process wrote before it ended, however slowly it is read", async () => {
  const size = 3_000_000;
  let bytes = 0;
  const { running } = run(`head -c ${size} /dev/zero; head -c ${size} /dev/zero >&2`, {
    stdio: {
      onOutput: (_, chunk) => {
        bytes += chunk.length;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
      },
    },
  });
  await running.result;
  expect(bytes).toBe(2 * size);
});

test("twenty at once keep their output and exit codes apart", async () => {
  const all = Array.from({ length: 20 }, (_, n) => run(`echo ${n}; exit ${n}`));
  const results = await Promise.all(all.map(({ running }) => running.result));
  expect(results.map(({ exitCode }) => exitCode)).toEqual(all.map((_, n) => n));
  expect(all.map(({ output }) => output("stdout"))).toEqual(all.map((_, n) => `${n}\n`));
});

test.runIf(process.platform === "linux")(
  "a process that a killed run has left is ended with its group",
  async () => {
    const cwd = temporaryDirectory();
    const child = spawn("sh", ["-c", "sleep 60 & echo $! > child; wait"], {
      cwd,
      detached: true,
      stdio: "ignore",
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const exited = once(child, "exit");
    const pid = child.pid ?? 0;
    const { start } = currentOwner(pid);
    const grandchild = Number(
      await waitFor(() => fs.readFileSync(join(cwd, "child"), "utf8"), { what: "child" }),
    );
    expect(await endLeftoverGroup(pid, "1")).toBe(false);
    expect(await endLeftoverGroup(pid, "")).toBe(false);
    expect(isGone(grandchild)).toBe(false);
    expect(await endLeftoverGroup(pid, start, 1000)).toBe(true);
    expect(await exited).toEqual([null, "SIGTERM"]);
    expect(isGone(grandchild)).toBe(true);
    expect(await endLeftoverGroup(pid, start)).toBe(false);
  },
);

test.runIf(process.platform === "linux")(
  "a left process without a group of its own is ended alone",
  async () => {
    const child = spawn("sleep", ["60"], { stdio: "ignore" });
    const exited = once(child, "exit");
    const pid = child.pid ?? 0;
    expect(await endLeftoverGroup(pid, currentOwner(pid).start, 1000)).toBe(true);
    expect(await exited).toEqual([null, "SIGTERM"]);
  },
);
