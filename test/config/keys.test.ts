import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkSetting, parseSize } from "../../src/config/check-setting.ts";
import { type SettingKey, settingKeys } from "../../src/config/keys.ts";
import { environmentVariables } from "../../src/core/environment.ts";

const key = (name: string): SettingKey => {
  const found = settingKeys.find((one) => one.key === name);
  if (found === undefined) throw new Error(`no setting ${name}`);
  return found;
};

test("names are unique, defaults are valid, and variables are in the documented table", () => {
  const names = settingKeys.map((one) => one.key);
  expect(new Set(names).size).toBe(names.length);
  const documented = environmentVariables.map(({ name }) => name as string);
  for (const one of settingKeys as readonly SettingKey[]) {
    if (one.default !== undefined)
      expect(checkSetting(one, one.default)).toEqual({ ok: true, value: one.default });
    if (one.env !== undefined) expect(documented).toContain(one.env);
    expect(one.doc).toMatch(/\.$/);
  }
});

describe("a value", () => {
  test.each([
    ["delivery.mode", "foreground"],
    ["delivery.timeout", "500ms"],
    ["pushgateway.url", "http://127.0.0.1:9091"],
    ["pushgateway.url", "https://user:password@push.test/prefix/"],
    ["retention.size", "64MiB"],
    ["pushgateway.instance", "any text"],
  ])("%s = %s is taken as it is", (name, value) => {
    expect(checkSetting(key(name), value)).toEqual({ ok: true, value });
  });

  test.each([
    ["delivery.mode", "sometimes", "background, foreground, off"],
    ["delivery.timeout", "2", "2s"],
    ["delivery.timeout", "0s", "2s"],
    ["delivery.timeout", "-1s", "2s"],
    ["retention.size", "8MB", "8MiB"],
    ["retention.size", "0B", "8MiB"],
    ["pushgateway.url", "push.test:9091", "http://"],
    ["pushgateway.url", "ftp://push.test", "http://"],
    ["pushgateway.url", "http://", "http://"],
  ])("%s = %s is refused, with what it takes", (name, value, hint) => {
    const checked = checkSetting(key(name), value);
    expect(checked).toMatchObject({ ok: false, error: { reason: "invalid-setting" } });
    if (checked.ok) return;
    expect(checked.error.message).toContain(name);
    expect(checked.error.message).toContain(value);
    expect(checked.error.hint).toContain(hint);
  });

  test.each(["ftp://user:s3cret@push.test", "user:s3cret@push.test:9091", "http://user:s3cret@[", "s3cret@"])(
    "of a URL with credentials is never quoted: %s",
    (value) => {
      expect(checkSetting(key("pushgateway.url"), value).ok).toBe(false);
      expect(JSON.stringify(checkSetting(key("pushgateway.url"), value))).not.toContain("s3cret");
    },
  );
});

test("sizes are whole, at least a KiB, and have a unit", () => {
  expect(parseSize("64KiB")).toBe(65_536);
  expect(parseSize("8MiB")).toBe(8_388_608);
  expect(parseSize("1GiB")).toBe(1_073_741_824);
  expect(parseSize("1024B")).toBe(1024);
  for (const bad of ["", "64", "1023B", "1.5MiB", "64kib", "-1MiB", "64 MiB", "9999999MiB"]) {
    expect(parseSize(bad)).toBeUndefined();
  }
  fc.assert(fc.property(fc.string(), (text) => (parseSize(text) ?? 1024) >= 1024));
});
