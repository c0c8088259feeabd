import { expect, test } from "vitest";
import { messagesOf } from "../../src/llm/fill-prompt.ts";

const chat = (role: string) => ({ type: "chat" as const, messages: [{ role, content: "hello" }] });

test("the roles that can be sent are read as Langfuse has them", () => {
  expect(messagesOf(chat("Developer"))).toEqual({ ok: true, value: [{ role: "system", content: "hello" }] });
});

test.each(["tool", "constructor", "__proto__", "toString"])("a message of the role %s is refused", (role) => {
  expect(messagesOf(chat(role))).toMatchObject({ ok: false, error: { reason: "unsupported-prompt" } });
});
