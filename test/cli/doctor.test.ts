import { expect, test } from "vitest";
import { settingKeys } from "../../src/config/keys.ts";
import { sandboxOfTest } from "./sandboxes.ts";

test("doctor tells first what becomes of facts, then every setting, and at last what is wrong", async () => {
  const { run } = sandboxOfTest();
  const env = { TTA_PERSONA_DELIVERY: "off", PUSHGATEWAY_URL: "http://127.0.0.1:9" };
  const { code, stdout } = await run(["doctor"], { env });
  expect(code).toBe(1);
  const headings = stdout.match(/^[A-Z]\w+$/gm);
  expect(headings).toEqual(["Delivery", "Journal", "Home", "Settings"]);
  expect(stdout.trimEnd().split("\n").at(-1)).toMatch(/^✗ pushgateway: /);

  const settings = stdout.slice(stdout.indexOf("\nSettings\n"));
  // What is set has a line of its own, which says by whom.
  expect(settings).toMatch(/^ {2}pushgateway\.url +http:\/\/127\.0\.0\.1:9 +environment$/m);
  const shown = settings.match(/(?<=\s)[a-z]+(\.[a-zA-Z]+)?(?=[\s=])/g);
  for (const { key } of settingKeys)
    expect(
      shown?.filter((word) => word === key),
      key,
    ).toEqual([key]);
  const indented = settings.match(/^ .*/gm) ?? [];
  expect(Math.max(...indented.map(({ length }) => length))).toBeLessThanOrEqual(100);
});
