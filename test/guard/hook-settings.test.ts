import { expect, test } from "vitest";
import { addHook, HOOK_COMMAND, removeHook } from "../../src/guard/hook-settings.ts";

const textOf = (result: ReturnType<typeof addHook>): string => {
  if (!result.ok) throw new Error(result.error.message);
  return result.value.text;
};

const others = `{
    // ours
    "permissions": { "allow": ["Bash(ls:*)"], },
    "hooks": {
        "PreToolUse": [
            { "matcher": "Bash", "hooks": [{ "type": "command", "command": "./check.sh" }] },
        ],
        "Stop": [{ "hooks": [{ "type": "command", "command": "./stop.sh" }] }]
    }
}
`;

test.each([
  ["an empty object", "{}"],
  ["other settings", '{\n  "agent": "x"\n}\n'],
  ["one line", '{"agent":"x","hooks":{"PreToolUse":[{"hooks":[]}]}}'],
  ["hooks of others, with comments", others],
  ["hooks of others, with CRLF", others.replaceAll("\n", "\r\n")],
  ["tabs", '{\n\t"hooks": {\n\t\t"Stop": []\n\t}\n}\n'],
])("the hook goes into %s, once, and out again without a trace", (_, before) => {
  const added = textOf(addHook(before));
  expect(added.split(HOOK_COMMAND)).toHaveLength(2);
  expect(addHook(added)).toEqual({ ok: true, value: { text: added, changed: false } });
  expect(removeHook(added)).toEqual({ ok: true, value: { text: before, changed: true } });
  expect(added.includes("\r\n")).toBe(before.includes("\r\n"));
});

test("an empty file gets the hook alone, and an empty list is filled", () => {
  const added = textOf(addHook(""));
  expect(JSON.parse(added)).toEqual({
    hooks: {
      PreToolUse: [
        {
          matcher: "*",
          hooks: [{ type: "command", command: HOOK_COMMAND, timeout: 10, onFailure: "block" }],
        },
      ],
    },
  });
  expect(textOf(removeHook(added))).toBe("{}\n");
  expect(JSON.parse(textOf(addHook('{"hooks": {"PreToolUse": []}}')))).toEqual(JSON.parse(added));
});

test("removing takes out ours alone, where somebody put it beside another one", () => {
  const text = JSON.stringify({
    hooks: {
      PreToolUse: [
        {
          matcher: "*",
          hooks: [
            { type: "command", command: "./check.sh" },
            { type: "command", command: "/usr/bin/tta-persona guard" },
          ],
        },
      ],
    },
  });
  expect(JSON.parse(textOf(removeHook(text)))).toEqual({
    hooks: { PreToolUse: [{ matcher: "*", hooks: [{ type: "command", command: "./check.sh" }] }] },
  });
});

test("a hook of a similar name is not ours", () => {
  const text =
    '{"hooks":{"PreToolUse":[{"hooks":[{"type":"command","command":"my-tta-persona guardian"}]}]}}';
  expect(removeHook(text)).toEqual({ ok: true, value: { text, changed: false } });
});

test.each([
  ["{", 1],
  ['{"hooks": []}', 10],
  ['{"hooks": {"PreToolUse": {}}}', 25],
  ['{"hooks": {"PreToolUse": ["x"]}}', 25],
  ["[]", 0],
])("what cannot be understood is left alone: %s", (text, offset) => {
  expect(addHook(text)).toMatchObject({ ok: false, error: { offset } });
});
