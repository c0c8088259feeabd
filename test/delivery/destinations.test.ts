import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { readSettings } from "../../src/config/settings.ts";
import { systemClock } from "../../src/core/clock.ts";
import { resolveDestinations } from "../../src/delivery/destinations.ts";
import { temporaryHome } from "../sink/temporary-home.ts";

function destinationsOf(config: object, env: Readonly<Record<string, string>> = {}) {
  const home = temporaryHome();
  mkdirSync(dirname(home.configFile), { recursive: true });
  writeFileSync(home.configFile, JSON.stringify(config));
  const settings = readSettings(home.configFile, env);
  return resolveDestinations({
    home,
    env,
    settings,
    clock: systemClock,
    version: "1.0.0",
    personas: () => [],
    defaultBudgets: () => new Map(),
  });
}

const hashOf = (config: object) => destinationsOf(config).destinations[0]?.hash;

test("a renewed token or password is the same place: what waits there goes on from where it stood", () => {
  const otlp = (headers: string) => ({ otlp: { endpoint: "http://h:4318", headers } });
  expect(hashOf(otlp("authorization=old"))).toBe(hashOf(otlp("authorization=new")));
  const gateway = (userinfo: string) => ({
    pushgateway: { url: `http://${userinfo}h:9091`, instance: "i" },
  });
  expect(hashOf(gateway("u:old@"))).toBe(hashOf(gateway("u:new@with@at@")));
  expect(hashOf(gateway(""))).toBe(hashOf(gateway("u:p@")));
});

test("another endpoint is another place", () => {
  const otlp = (endpoint: string) => ({ otlp: { endpoint } });
  expect(hashOf(otlp("http://h:4318"))).not.toBe(hashOf(otlp("http://h:4319")));
});

test("headers that make no sense are told, not left out", () => {
  const { destinations, misconfigured } = destinationsOf({
    otlp: { endpoint: "http://h:4318", headers: "x-token=secret,x-key=50%off" },
  });
  expect(destinations).toEqual([]);
  expect(misconfigured).toMatchObject([
    { sink: "otlp", failure: { message: expect.stringContaining("otlp.headers") } },
  ]);
  expect(JSON.stringify(misconfigured)).not.toContain("secret");
});
