import { describe, expect, test } from "vitest";
import { classifyResponse } from "../../src/backend/classify-response.ts";

const classify = (status: number, headers = {}, body?: string) =>
  classifyResponse({ status, headers, ...(body !== undefined && { body }) }, (code) => code === 200);

describe("what an HTTP answer means", () => {
  test("success is no failure", () => {
    expect(classify(200)).toBeUndefined();
  });

  test.each([400, 413])("%i refuses the payload, with the backend's words on one line", (status) => {
    expect(classify(status, {}, " bad\r\n\u001b[31m  field\t7\n")).toEqual({
      status: "refused",
      reason: `http_${status}`,
      detail: "bad [31m field 7",
    });
    expect(classify(status, {}, "x".repeat(1000))).toHaveProperty("detail", "x".repeat(300));
    expect(classify(status)).toEqual({ status: "refused", reason: `http_${status}` });
  });

  test.each([204, 301, 302, 307, 401, 403, 404, 408, 429, 500, 502, 503, 504])(
    "%i keeps the data",
    (status) => {
      expect(classify(status, {}, "body")).toEqual({ status: "unavailable", reason: `http_${status}` });
    },
  );

  test("a web page is no success: a proxy's login form answers 200 too", () => {
    expect(classify(200, { "content-type": "text/html; charset=utf-8" })).toEqual({
      status: "unavailable",
      reason: "invalid_response",
    });
  });

  test.each([
    [{ "retry-after": "7" }, 7000],
    [{ "retry-after": "0" }, 0],
    [{ "retry-after": "Wed, 21 Oct 2015 07:28:10 GMT", date: "Wed, 21 Oct 2015 07:28:00 GMT" }, 10_000],
    [{ "retry-after": "Wed, 21 Oct 2015 07:28:00 GMT", date: "Wed, 21 Oct 2015 07:28:10 GMT" }, 0],
    [{ "retry-after": "999999999999" }, 86_400_000],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after": "-5" }, undefined],
    [{}, undefined],
  ])("Retry-After %o", (headers, retryAfterMs) => {
    const expected = { status: "unavailable", reason: "http_503" };
    expect(classify(503, headers)).toEqual(
      retryAfterMs === undefined ? expected : { ...expected, retryAfterMs },
    );
  });
});
