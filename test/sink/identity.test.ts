import { mkdirSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Environment } from "../../src/core/environment.ts";
import { keepInstallation, pushIdentity } from "../../src/sink/identity.ts";
import { temporaryHome } from "./temporary-home.ts";

const NOW = 1_750_000_000_000;
const HOUR_MS = 3_600_000;
const github = (run: string): Environment => ({
  CI: "true",
  GITHUB_ACTIONS: "true",
  GITHUB_REPOSITORY: "acme/shop",
  GITHUB_WORKFLOW: "build",
  GITHUB_JOB: "test",
  GITHUB_RUN_ID: run,
});
const shared = (pipeline: string, slot: string) => ({
  group: { job: "tta-persona", labels: { instance: "ci", pipeline, slot } },
  ephemeral: true,
});

/** As a command does: resolves, then keeps what is not kept yet. */
function resolve(home: ReturnType<typeof temporaryHome>, env: Environment, now = NOW, instance?: string) {
  const { unsaved, ...identity } = pushIdentity(home, env, instance, now);
  if (unsaved !== undefined) keepInstallation(home, unsaved);
  return { identity, isNew: unsaved !== undefined };
}

test("at a desk the installation has an instance of its own, which stays", () => {
  const home = temporaryHome();
  const first = resolve(home, {});
  expect(first.isNew).toBe(true);
  expect(first.identity).toMatchObject({ ephemeral: false, group: { job: "tta-persona" } });
  expect(first.identity.group.labels.instance).toMatch(/^.+-[0-9a-f]{6}$/);
  expect(resolve(home, {}, NOW + 1000 * HOUR_MS)).toEqual({ identity: first.identity, isNew: false });
  expect(resolve(temporaryHome(), {}).identity).not.toEqual(first.identity);
});

test("a CI run on an empty disk shares one key with the runs before and after it", () => {
  const [one, two] = [temporaryHome(), temporaryHome()];
  expect(resolve(one, github("1")).identity).toEqual(shared("acme/shop/build", "test"));
  expect(resolve(one, github("1"), NOW + 1000).identity).toEqual(shared("acme/shop/build", "test"));
  expect(resolve(two, github("2")).identity).toEqual(shared("acme/shop/build", "test"));
});

test("parallel jobs of one pipeline are told apart by their slot", () => {
  const env = { ...github("1"), TTA_PERSONA_CI_SLOT: "3" };
  expect(resolve(temporaryHome(), env).identity).toEqual(shared("acme/shop/build", "test/3"));
});

describe("in CI, a home that outlived the run that made it", () => {
  test("has an instance of its own", () => {
    const home = temporaryHome();
    resolve(home, github("1"));
    const later = resolve(home, github("2"));
    expect(later.identity).toMatchObject({ ephemeral: false });
    expect(later.identity.group.labels).toEqual({ instance: expect.stringMatching(/-[0-9a-f]{6}$/) });
    expect(resolve(home, github("3"))).toEqual(later);
  });

  test("or was made outside of CI, too", () => {
    const home = temporaryHome();
    const desk = resolve(home, {});
    expect(resolve(home, github("1")).identity).toEqual(desk.identity);
  });
});

test("with a provider that gives no run id, age tells whether the home outlived its job", () => {
  const home = temporaryHome();
  const env = { CI: "1" };
  expect(resolve(home, env).identity).toEqual(shared("unknown", "0"));
  expect(resolve(home, env, NOW + 5 * HOUR_MS).identity).toEqual(shared("unknown", "0"));
  expect(resolve(home, env, NOW + 7 * HOUR_MS).identity).toMatchObject({ ephemeral: false });
});

test("CI=false is no CI", () => {
  expect(resolve(temporaryHome(), { ...github("1"), CI: "false" }).identity.ephemeral).toBe(false);
});

test("an instance from the settings goes before everything else, and keeps nothing", () => {
  const expected = {
    identity: { group: { job: "tta-persona", labels: { instance: "mine" } }, ephemeral: false },
    isNew: false,
  };
  expect(resolve(temporaryHome(), {}, NOW, "mine")).toEqual(expected);
  expect(resolve(temporaryHome(), github("1"), NOW, "mine")).toEqual(expected);
});

test.each(["", "{", "null", '{"id":""}', '{"id":7}'])("a broken file %j is made anew", (content) => {
  const home = temporaryHome();
  mkdirSync(home.state, { recursive: true });
  writeFileSync(`${home.state}/installation.json`, content);
  const first = resolve(home, {});
  expect(first.isNew).toBe(true);
  expect(resolve(home, {})).toEqual({ identity: first.identity, isNew: false });
});
