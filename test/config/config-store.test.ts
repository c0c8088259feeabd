import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { hasUserSetting, writeUserSetting } from "../../src/config/config-store.ts";
import { readSettings } from "../../src/config/settings.ts";
import { type Home, resolveHome } from "../../src/core/home.ts";
import { sandboxOfTest } from "../cli/sandboxes.ts";
import { withFaults } from "../support/preloads.ts";

function homeOfTest(): Home {
  const root = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), "config-"));
  onTestFinished(() => fs.rmSync(root, { recursive: true }));
  const home = resolveHome({ TTA_PERSONA_HOME: path.join(root, "home") }, "linux");
  if (!home.ok) throw new Error(home.error.message);
  return home.value;
}

test("writes what settings read, and keeps what it does not know", async () => {
  const home = homeOfTest();
  fs.mkdirSync(home.configDir);
  fs.writeFileSync(home.configFile, '{"of another version": {"kept": true}}', { mode: 0o644 });
  await writeUserSetting(home, "session.idleTimeout", "4h");
  expect(readSettings(home.configFile, {}).idleTimeoutMs).toBe(4 * 3_600_000);
  expect(hasUserSetting(home, "session.idleTimeout")).toBe(true);
  await writeUserSetting(home, "session.idleTimeout", undefined);
  expect(hasUserSetting(home, "session.idleTimeout")).toBe(false);
  expect(JSON.parse(fs.readFileSync(home.configFile, "utf8"))).toMatchObject({
    "of another version": { kept: true },
  });
  expect(fs.statSync(home.configFile).mode & 0o777).toBe(0o600);
  expect(fs.readdirSync(home.configDir)).toEqual(["config.json"]);
});

test("a file that is a link stays one", async () => {
  const home = homeOfTest();
  const target = path.join(home.configDir, "..", "dotfiles.json");
  fs.mkdirSync(home.configDir);
  fs.writeFileSync(target, "{}");
  fs.symlinkSync(target, home.configFile);
  await writeUserSetting(home, "retention.age", "7d");
  expect(fs.lstatSync(home.configFile).isSymbolicLink()).toBe(true);
  expect(JSON.parse(fs.readFileSync(target, "utf8"))).toEqual({ retention: { age: "7d" } });
});

test.each(["short:1", "enospc:1+", "short:1:config"])(
  "on a full disk (%s) the file is what it was",
  async (fault) => {
    const { run, home } = sandboxOfTest();
    await run(["config", "set", "delivery.timeout", "5s"]);
    const before = fs.readFileSync(path.join(home, "config.json"), "utf8");
    const { code, stderr } = await run(["config", "set", "delivery.timeout", "30s"], withFaults(fault));
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^tta-persona: .*\n {2}.*\n$/),
    });
    expect(fs.readFileSync(path.join(home, "config.json"), "utf8")).toBe(before);
    expect(fs.readdirSync(home)).toEqual(["config.json"]);
  },
);

test("on a full disk a first setting leaves no half a file", async () => {
  const { run, home } = sandboxOfTest();
  expect((await run(["config", "set", "delivery.timeout", "5s"], withFaults("short:1"))).code).toBe(1);
  expect(fs.existsSync(path.join(home, "config.json"))).toBe(false);
});
