import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RunOptions, Sandbox } from "../support/run-binary.ts";
import { documentOf, sandboxOfTest as sandboxAsOthers } from "./sandboxes.ts";

/** Without the variable of the setting that most of these tests set. */
function sandboxOfTest(): Sandbox {
  const sandbox = sandboxAsOthers();
  const plain = (options: RunOptions = {}) => ({
    ...options,
    env: { TTA_PERSONA_DELIVERY_TIMEOUT: undefined, ...options.env },
  });
  return { ...sandbox, run: (args, options) => sandbox.run(args, plain(options)) };
}

test("what is set is in force, private, and can be taken out again", async () => {
  const { run, home } = sandboxOfTest();
  const file = join(home, "config.json");
  expect(await run(["config", "path"])).toMatchObject({ code: 0, stdout: `${file}\n` });
  expect(documentOf(await run(["config", "path", "--json"]))).toMatchObject({ file, exists: false });
  expect((await run(["config", "get", "delivery.timeout"])).stdout).toBe("2s\n");
  expect((await run(["config", "set", "delivery.timeout", "5s"])).stdout).toBe("delivery.timeout = 5s\n");
  expect((await run(["config", "get", "delivery.timeout"])).stdout).toBe("5s\n");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(home).mode & 0o777).toBe(0o700);
  expect(documentOf(await run(["config", "get", "delivery.timeout", "--json"]))).toMatchObject({
    value: "5s",
    source: "user",
    variable: "TTA_PERSONA_DELIVERY_TIMEOUT",
  });
  expect(documentOf(await run(["config", "unset", "delivery.timeout", "--json"]))).toMatchObject({
    removed: true,
  });
  expect(documentOf(await run(["config", "unset", "delivery.timeout", "--json"]))).toMatchObject({
    removed: false,
  });
  expect((await run(["config", "get", "delivery.timeout"])).stdout).toBe("2s\n");
  expect(await run(["config", "get", "pushgateway.url"])).toMatchObject({ code: 0, stdout: "" });
});

test("the environment goes first, and is said to", async () => {
  const { run } = sandboxOfTest();
  const env = { PUSHGATEWAY_URL: "http://user:hunter2@127.0.0.1:9091" };
  const set = await run(["config", "set", "pushgateway.url", "http://127.0.0.1:1"], { env });
  expect(set).toMatchObject({
    code: 0,
    stderr: expect.stringContaining("PUSHGATEWAY_URL is set in the environment"),
  });
  const list = await run(["config", "list"], { env });
  expect(list.stdout).toMatch(
    /^pushgateway\.url +http:\/\/\*\*\*@127\.0\.0\.1:9091 +environment +\$PUSHGATEWAY_URL$/m,
  );
  expect(list.stdout).toMatch(/^delivery\.timeout +2s +default +\$TTA_PERSONA_DELIVERY_TIMEOUT$/m);
  expect((await run(["config"], { env })).stdout).toBe(list.stdout);
  expect(documentOf(await run(["config", "list", "--json"], { env })).settings).toContainEqual({
    key: "pushgateway.url",
    value: "http://***@127.0.0.1:9091",
    source: "environment",
    variable: "PUSHGATEWAY_URL",
  });
});

test("secrets come in by standard input and never out", async () => {
  const { run, home } = sandboxOfTest();
  const set = await run(["config", "set", "pushgateway.password", "-"], { stdin: "hunter2\n" });
  const get = await run(["config", "get", "pushgateway.password"]);
  const list = await run(["config", "list", "--json"]);
  const bad = await run(["config", "set", "pushgateway.password", ""]);
  expect(get.stdout).toBe("(set)\n");
  expect(bad.code).toBe(2);
  for (const { stdout, stderr } of [set, get, list, bad]) expect(stdout + stderr).not.toContain("hunter2");
  expect(JSON.parse(readFileSync(join(home, "config.json"), "utf8"))).toEqual({
    pushgateway: { password: "hunter2" },
  });
});

test.each([
  [
    ["config", "set", "pushgateway.ulr", "x"],
    /no setting "pushgateway.ulr", but .*\n {2}Did you mean pushgateway\.url\?/,
  ],
  [["config", "get", "timeout"], /\n {2}Did you mean delivery\.timeout\?/],
  [["config", "get", "__proto__"], /no setting/],
  [
    ["config", "set", "delivery.mode", "sometimes"],
    /cannot be "sometimes"\.\n {2}It takes background, foreground, off\./,
  ],
  [["config", "set", "delivery.timeout"], /Missing required argument/],
  [["config", "sett", "a", "b"], /no command "sett", but .*\n {2}Did you mean set\?/],
])("%j is refused", async (argv, complaint) => {
  const { run, home } = sandboxOfTest();
  expect(await run(argv)).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(complaint) });
  expect(existsSync(home)).toBe(false);
});

test("a broken file is shown as broken, and left alone", async () => {
  const { run, home } = sandboxOfTest();
  mkdirSync(home);
  for (const broken of ["{broken", "[]", ""]) {
    writeFileSync(join(home, "config.json"), broken);
    const list = await run(["config", "list"]);
    expect(list).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining("! ") });
    expect((documentOf(await run(["config", "list", "--json"])).problems as string[]).length).toBe(1);
    for (const argv of [
      ["config", "set", "delivery.timeout", "5s"],
      ["config", "unset", "delivery.timeout"],
    ]) {
      expect(await run(argv)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("is not a JSON object"),
      });
    }
    expect(readFileSync(join(home, "config.json"), "utf8")).toBe(broken);
  }
});
