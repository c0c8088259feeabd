import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createSandbox, type Sandbox } from "../support/run-binary.ts";

/** What a crash or a full disk can leave of a file. */
const damages: readonly (readonly [string, (bytes: Buffer) => Buffer])[] = [
  ["nothing", () => Buffer.alloc(0)],
  ["its first bytes", (bytes) => bytes.subarray(0, 5)],
  ["its first half", (bytes) => bytes.subarray(0, bytes.length >> 1)],
  ["zeros", (bytes) => Buffer.alloc(bytes.length)],
  ["a block of zeros", (bytes) => Buffer.from(bytes).fill(0, 8192, 8704)],
  ["the blocks of another file", (bytes) => Buffer.from(bytes).fill("another", 4096, 8192)],
  ["more than it was", (bytes) => Buffer.concat([bytes, bytes.subarray(0, 4096)])],
  [
    "one wrong bit",
    (bytes) => Buffer.from(bytes).fill((bytes.at(-5) ?? 0) ^ 4, bytes.length - 5, bytes.length - 4),
  ],
];

async function withSandbox(run: (sandbox: Sandbox, cache: string) => Promise<void>): Promise<void> {
  const sandbox = createSandbox();
  try {
    await run(sandbox, join(sandbox.home, "cache"));
  } finally {
    await sandbox.dispose();
  }
}

describe("the cache of compiled code", () => {
  test("is written once for each kind of form, for the user alone, and then used", () =>
    withSandbox(async ({ run }, cache) => {
      for (const args of [["switch", "backend"], ["current"], ["switch", "testing"], ["prompt"]]) {
        expect((await run(args)).code).toBe(0);
      }
      const names = readdirSync(cache);
      expect(names.map((name) => name.split("-")[0]).sort()).toEqual(["read", "switch"]);
      const before = names.map((name) => readFileSync(join(cache, name)));
      await run(["current"]);
      expect(readdirSync(cache)).toEqual(names);
      expect(names.map((name) => readFileSync(join(cache, name)))).toEqual(before);
    }));

  test("holds what each switch needs, whatever ran before it was kept", () =>
    withSandbox(async ({ run }, cache) => {
      await run(["switch", "backend"]);
      await run(["switch", "backend"]);
      expect(existsSync(cache)).toBe(false);
      await run(["switch", "testing"]);
      expect(readdirSync(cache)).toHaveLength(1);
    }));

  test.each(damages)("is made anew where it holds %s", (_, damage) =>
    withSandbox(async ({ run }, cache) => {
      await run(["switch", "backend"]);
      await run(["current"]);
      const file = join(cache, readdirSync(cache).find((name) => name.startsWith("read")) ?? "");
      const whole = readFileSync(file);
      const damaged = damage(whole);
      writeFileSync(file, damaged);
      expect(await run(["current"])).toMatchObject({ code: 0, stdout: "backend-engineer\n", stderr: "" });
      expect(readFileSync(file).equals(damaged)).toBe(false);
    }),
  );

  test("takes the place of one that an older version left, and of no other", () =>
    withSandbox(async ({ run }, cache) => {
      mkdirSync(cache, { recursive: true, mode: 0o700 });
      const end = `${process.version}-${process.arch}`;
      const others = [`switch-0123456789abcdef-v18.0.0-${process.arch}`, `read-0123456789abcdef-${end}`];
      for (const name of [...others, `switch-0123456789abcdef-${end}`]) writeFileSync(join(cache, name), "");
      await run(["switch", "backend"]);
      await run(["switch", "testing"]);
      const names = readdirSync(cache);
      expect(names).toHaveLength(3);
      expect(names).toEqual(expect.arrayContaining(others));
    }));

  test("is not run from a file that others may write", () =>
    withSandbox(async ({ run }, cache) => {
      await run(["switch", "backend"]);
      await run(["current"]);
      const file = join(cache, readdirSync(cache).find((name) => name.startsWith("read")) ?? "");
      chmodSync(file, 0o666);
      expect(await run(["current"])).toMatchObject({ code: 0, stdout: "backend-engineer\n", stderr: "" });
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }));

  test("does not bring a home back", () =>
    withSandbox(async ({ run, home }) => {
      expect(await run(["prompt"])).toMatchObject({ code: 0, stdout: "", stderr: "" });
      expect(existsSync(home)).toBe(false);
    }));

  test("is done without where it cannot be written", () =>
    withSandbox(async ({ run, home }, cache) => {
      mkdirSync(home, { mode: 0o700 });
      writeFileSync(cache, "not a directory");
      expect(await run(["switch", "backend"])).toMatchObject({ code: 0, stderr: "" });
      expect(await run(["current"])).toMatchObject({ code: 0, stdout: "backend-engineer\n", stderr: "" });
    }));

  test("lies in the user's cache directory where the home is the platform's", () =>
    withSandbox(async ({ run, userHome }) => {
      const env = { TTA_PERSONA_HOME: undefined };
      for (const persona of ["backend", "testing"])
        expect((await run(["switch", persona], { env })).code).toBe(0);
      expect(existsSync(join(userHome, ".cache/tta-persona"))).toBe(true);
    }));
});
