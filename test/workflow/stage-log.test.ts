import fs from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { createMasker } from "../../src/core/mask.ts";
import { runProcess } from "../../src/workflow/run-process.ts";
import { createStageLog, type StageLogOptions } from "../../src/workflow/stage-log.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const MiB = 1024 * 1024;
const TOKEN = `ghp_${"aB3dE6gH9".repeat(4)}`;

function open(options: Partial<StageLogOptions> = {}) {
  const path = join(temporaryDirectory(), "stage.log");
  const seen: string[] = [];
  const log = createStageLog({
    path,
    masker: createMasker({ secretValues: ["known-value"] }),
    onLine: (stream, line) => void seen.push(`${stream}: ${line}`),
    ...options,
  });
  return { log, seen, path, read: () => fs.readFileSync(path, "utf8") };
}

test("keeps both streams by whole lines, masked, in a file for us alone", () => {
  const { log, seen, path, read } = open();
  log.write("stdout", Buffer.from("building wi"));
  log.write("stderr", Buffer.from(`warning: ${TOKEN.slice(0, 10)}`));
  log.write("stdout", Buffer.from("th known-va"));
  log.write("stderr", Buffer.from(`${TOKEN.slice(10)} is old\n`));
  log.write("stdout", Buffer.from("lue\r\nready"));
  expect(log.tail().both).toEqual(["warning: *** is old", "building with ***"]);
  const summary = log.close();
  expect(seen).toEqual(["stderr: warning: *** is old", "stdout: building with ***", "stdout: ready"]);
  expect(read()).toBe("warning: *** is old\nbuilding with ***\nready\n");
  expect(summary).toEqual({
    stderr: ["warning: *** is old"],
    both: ["warning: *** is old", "building with ***", "ready"],
    omittedBytes: 0,
    error: undefined,
  });
  expect(fs.statSync(path).mode & 0o777).toBe(0o600);
  log.write("stdout", Buffer.from("too late\n"));
  expect(log.close()).toBe(summary);
});

test("however a stream is cut into chunks, its lines are the same", () => {
  const text = `é ü 🐙 line\r\nbar 1\rbar 2\rdone\n\n\r\n\n${TOKEN}\n-----BEGIN PRIVATE KEY-----\nMIIEabc\n-----END PRIVATE KEY-----\nlast 🐙`;
  const bytes = Buffer.from(text);
  const whole = open();
  whole.log.write("stdout", bytes);
  whole.log.close();
  expect(whole.read()).toBe("é ü 🐙 line\nbar 1\nbar 2\ndone\n\n\n\n***\n***\n***\n***\nlast 🐙\n");
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
      const lines: string[] = [];
      const log = createStageLog({
        path: "/dev/null",
        masker: createMasker({ secretValues: [] }),
        onLine: (_, line) => void lines.push(line),
      });
      const borders = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      borders.forEach((border, n) => void log.write("stdout", bytes.subarray(borders[n - 1] ?? 0, border)));
      log.close();
      expect(lines).toEqual(whole.read().split("\n").slice(0, -1));
    }),
  );
});

test("binary output becomes replacement characters", () => {
  const { log, read } = open();
  log.write("stdout", Buffer.from([0x61, 0xff, 0xc3, 0x28, 0, 7, 0x1b, 0x5b, 0x6d, 9, 0x62, 10, 0xe2, 0x82]));
  log.close();
  expect(read()).toBe("a\ufffd\ufffd(\ufffd\ufffd\u001b[m\tb\n\ufffd\n");
});

describe("a line that is too long", () => {
  test("keeps its beginning, to a blank, and says how much is missing", () => {
    const { log, seen } = open();
    const line = "word ".repeat(100_000);
    for (let at = 0; at < line.length; at += 10_007)
      log.write("stdout", Buffer.from(line.slice(at, at + 10_007)));
    log.write("stdout", Buffer.from("\nnext\n"));
    const [first = "", second] = seen;
    expect(second).toBe("stdout: next");
    const match = /^stdout: ((?:word )*word) \[… (\d+) characters of this line left out\]$/.exec(first);
    expect((match?.[1]?.length ?? 0) + Number(match?.[2])).toBe(line.length);
    expect(match?.[1]?.length).toBeGreaterThan(40_000);
    expect(match?.[1]?.length).toBeLessThan(64 * 1024);
  });

  test.each(["x", " ", "xyz "])("lets no half of a secret through after %j", (filler) => {
    const fill = filler.repeat(70_000).slice(0, 65_536);
    for (let shift = 0; shift <= TOKEN.length + 2; shift += 3) {
      const { log, read } = open();
      log.write("stdout", Buffer.from(`${fill.slice(0, 65_536 - shift)} ${TOKEN} and more`));
      log.close();
      expect(read()).not.toContain("ghp_");
    }
  });

  test("without any blank is cut all the same", () => {
    const { log, seen } = open();
    log.write("stderr", Buffer.from("x".repeat(3 * MiB)));
    const { stderr } = log.close();
    expect(seen).toHaveLength(1);
    expect(seen[0]?.length).toBeLessThan(64 * 1024);
    expect(seen[0]).toMatch(/characters of this line left out\]$/);
    expect(stderr[0]?.length).toBe(2000);
  });
});

test("the last twenty lines are told", () => {
  const { log } = open();
  for (let n = 0; n < 50; n++) log.write(n % 2 === 0 ? "stdout" : "stderr", Buffer.from(`${n}\n`));
  const { both, stderr } = log.close();
  expect(both).toEqual(Array.from({ length: 20 }, (_, n) => `${n + 30}`));
  expect(stderr).toEqual(Array.from({ length: 20 }, (_, n) => `${2 * n + 11}`));
});

test("a long log keeps its beginning and its end, and says what is missing", () => {
  const { log, read, path } = open({ onLine: undefined });
  const count = 200_000;
  const line = (n: number) => `${String(n).padStart(8, "0")} ${"x".repeat(90)}`;
  let total = 0;
  for (let n = 0; n < count; n += 100) {
    const text = Array.from({ length: 100 }, (_, k) => `${line(n + k)}\n`).join("");
    total += text.length;
    log.write("stdout", Buffer.from(text));
  }
  const { omittedBytes } = log.close();
  expect(fs.statSync(path).size).toBeLessThanOrEqual(10 * MiB);
  expect(fs.statSync(path).size).toBeGreaterThan(9.8 * MiB);
  const lines = read().split("\n").slice(0, -1);
  const gap = lines.findIndex((text) => text.startsWith("[…"));
  expect(lines[gap]).toBe(`[… ${omittedBytes / 100} lines, ${omittedBytes} bytes left out]`);
  expect(omittedBytes + (lines.length - 1) * 100).toBe(total);
  expect(lines.slice(0, gap)).toEqual(lines.slice(0, gap).map((_, n) => line(n)));
  expect(lines.slice(gap + 1)).toEqual(
    lines.slice(gap + 1).map((_, n, rest) => line(count - rest.length + n)),
  );
});

test("a log of just the size that fits has nothing left out", () => {
  const { log, read } = open({ onLine: undefined });
  const text = `${"x".repeat(1023)}\n`.repeat(9 * 1024);
  log.write("stdout", Buffer.from(text));
  expect(log.close().omittedBytes).toBe(0);
  expect(read() === text).toBe(true);
});

test.runIf(process.platform === "linux")("a full disk does not stop it, and is told", () => {
  const { log, seen } = open({ path: "/dev/full" });
  log.write("stderr", Buffer.from("one\ntwo\n"));
  log.write("stderr", Buffer.from("three\n"));
  expect(log.close()).toEqual({
    stderr: ["one", "two", "three"],
    both: ["one", "two", "three"],
    omittedBytes: 0,
    error: "ENOSPC",
  });
  expect(seen).toHaveLength(3);
});

test("neither does a directory that is not there", () => {
  const { log } = open({ path: "/no/such/directory/stage.log" });
  log.write("stdout", Buffer.from("one\n"));
  expect(log.close()).toMatchObject({ both: ["one"], error: "ENOENT" });
});

test("200 MB of output take little memory, and little time", async () => {
  const { log, read, path } = open({ onLine: undefined });
  const before = process.memoryUsage().rss;
  let peak = before;
  const running = runProcess({
    file: "sh",
    args: ["-c", `yes "$(printf 'compiling module number %0100d token cache' 1)" | head -c 200000000`],
    cwd: "/",
    env: { PATH: process.env.PATH },
    stdio: {
      onOutput(stream, chunk) {
        log.write(stream, chunk);
        peak = Math.max(peak, process.memoryUsage.rss());
      },
    },
    stdin: "ignore",
    ownGroup: true,
    clock: systemClock,
  });
  const { exitCode } = await running.result;
  log.close();
  expect(exitCode).toBe(0);
  expect(fs.statSync(path).size).toBeLessThanOrEqual(10 * MiB);
  expect(read()).toMatch(/\n\[… \d+ lines, \d+ bytes left out\]\n/);
  // Garbage that is not collected yet counts here; buffering would take 200 MB and more.
  expect(peak - before).toBeLessThan(120 * MiB);
});
