import { expect, test } from "vitest";
import { callError, callFailure, isFreeStatus, wasNeverSent } from "../../src/llm/call-error.ts";

/** As `fetch` wraps what happened. */
const failed = (cause: object) => Object.assign(new TypeError("fetch failed"), { cause });
const system = (code: string, syscall?: string) => failed(Object.assign(new Error(code), { code, syscall }));

test.each([
  [system("ECONNREFUSED", "connect"), true],
  [failed(Object.assign(new AggregateError([]), { code: "ECONNREFUSED" })), true],
  [failed(Object.assign(new AggregateError([]), { code: "ETIMEDOUT" })), true],
  [system("ENOTFOUND", "getaddrinfo"), true],
  [system("EAI_AGAIN", "getaddrinfo"), true],
  [system("UND_ERR_CONNECT_TIMEOUT"), true],
  [system("EHOSTUNREACH", "connect"), true],
  [system("DEPTH_ZERO_SELF_SIGNED_CERT"), true],
  [system("ETIMEDOUT", "read"), false],
  [system("EHOSTUNREACH", "read"), false],
  [system("ECONNRESET", "read"), false],
  [system("EPIPE", "write"), false],
  [system("UND_ERR_SOCKET"), false],
  [system("UND_ERR_HEADERS_TIMEOUT"), false],
  [system("HPE_INVALID_CONSTANT"), false],
  [new DOMException("This operation was aborted", "AbortError"), false],
  [new Error("who knows"), false],
])("whether a request that ended with %o was never sent: %s", (error, expected) => {
  expect(wasNeverSent(error)).toBe(expected);
});

test.each([
  [200, false],
  [400, true],
  [429, true],
  [500, true],
  [502, false],
  [503, true],
  [504, false],
])("whether an answer with status %i costs nothing: %s", (status, expected) => {
  expect(isFreeStatus(status)).toBe(expected);
});

test.each([
  ["UND_ERR_SOCKET", "no-answer"],
  ["UND_ERR_HEADERS_TIMEOUT", "no-answer"],
  ["ECONNRESET", "no-answer"],
  ["ECONNREFUSED", "unreachable"],
  ["UND_ERR_CONNECT_TIMEOUT", "unreachable"],
  ["ENOTFOUND", "unreachable"],
])("%s is told as %s", (code, reason) => {
  const error = callError(system(code), false);
  expect(error.type).toBe(code);
  expect(callFailure(error, { provider: "openai", model: "gpt-4o" })).toMatchObject({ reason });
});
