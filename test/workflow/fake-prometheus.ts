import type { FaultyServer } from "../support/behaviour.ts";
import { startFaultyServer } from "../support/faulty-server.ts";

/** What the server says to one query: values of as many series, or an error's text. */
export type Answer = readonly string[] | { readonly error: string; readonly status: number };

export interface FakePrometheus extends FaultyServer {
  /** The texts that were asked, in order. */
  queries(): readonly string[];
}

/**
 * Answers instant queries as Prometheus does.
 *
 * @param answer by the number of the question, from 0.
 */
export async function startFakePrometheus(
  answer: (index: number) => Answer,
  credentials?: string,
): Promise<FakePrometheus> {
  const queries: string[] = [];
  const expected = credentials && `Basic ${Buffer.from(credentials).toString("base64")}`;
  const server = await startFaultyServer({
    handler: ({ path, headers, body }) => {
      if (path !== "/api/v1/query") return { status: 404 };
      if (headers.authorization !== expected) return { status: 401 };
      queries.push(new URLSearchParams(body.toString("utf8")).get("query") ?? "");
      return respond(answer(queries.length - 1));
    },
  });
  return { ...server, queries: () => queries };
}

function respond(answer: Answer): { readonly status: number; readonly body: string } {
  if ("error" in answer) {
    const body = { status: "error", errorType: "bad_data", error: answer.error };
    return { status: answer.status, body: JSON.stringify(body) };
  }
  const result = answer.map((value, index) => ({
    metric: { instance: String(index) },
    value: [1_700_000_000, value],
  }));
  return {
    status: 200,
    body: JSON.stringify({ status: "success", data: { resultType: "vector", result } }),
  };
}
