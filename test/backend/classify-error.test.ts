import { describe, expect, test } from "vitest";
import { classifyError } from "../../src/backend/classify-error.ts";

const withCode = (code: string) => Object.assign(new Error(`secret https://user:pw@host ${code}`), { code });

describe("what a failed exchange means", () => {
  test.each([
    ["ECONNREFUSED", "connection_refused"],
    ["ENOTFOUND", "dns"],
    ["EAI_AGAIN", "dns"],
    ["EHOSTUNREACH", "unreachable"],
    ["HPE_INVALID_CONSTANT", "invalid_response"],
    ["EPROTO", "tls"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "tls"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "tls"],
    ["CERT_HAS_EXPIRED", "tls"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "tls"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "tls"],
  ])("%s is %s, and nothing was taken even if a connection stood", (code, reason) => {
    expect(classifyError(withCode(code), false)).toEqual({ status: "unavailable", reason });
    expect(classifyError(withCode(code), true)).toEqual({ status: "unavailable", reason });
  });

  test.each([
    ["ECONNRESET", "connection_reset"],
    ["EPIPE", "connection_reset"],
    ["ETIMEDOUT", "timeout"],
    ["SOMETHING_NEW", "unknown"],
  ])("%s is %s, and doubtful once a connection stood", (code, reason) => {
    expect(classifyError(withCode(code), false)).toEqual({ status: "unavailable", reason });
    expect(classifyError(withCode(code), true)).toEqual({ status: "doubtful", reason });
  });

  test("an abort and a signal's timeout are timeouts", () => {
    for (const name of ["AbortError", "TimeoutError"]) {
      expect(classifyError(new DOMException("", name), true)).toEqual({
        status: "doubtful",
        reason: "timeout",
      });
    }
  });

  test("looks through fetch's wrapper and through one error for each address", () => {
    const wrapped = new TypeError("fetch failed", { cause: withCode("ECONNREFUSED") });
    expect(classifyError(wrapped, false).reason).toBe("connection_refused");
    const several = new AggregateError([withCode("ECONNREFUSED"), withCode("ENETUNREACH")]);
    expect(classifyError(several, false).reason).toBe("connection_refused");
  });

  test.each([undefined, null, "text", 7, {}])("%s is unknown", (error) => {
    expect(classifyError(error, false)).toEqual({ status: "unavailable", reason: "unknown" });
  });

  test("survives a cause that is its own cause", () => {
    const error = new Error("loop");
    error.cause = error;
    expect(classifyError(error, false).reason).toBe("unknown");
  });
});
