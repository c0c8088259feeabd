import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, onTestFinished, test } from "vitest";
import { withinDeadline } from "../../src/core/within-deadline.ts";
import { startFaultyServer } from "../support/faulty-server.ts";

const nameOf = (error: unknown) => (error as Error).name;

/** A request to a server that never answers; ends with the name of what ended it. */
async function hangingRequest() {
  const server = await startFaultyServer({ behaviour: "hang", handler: () => ({ status: 200 }) });
  onTestFinished(() => server.close());
  return (signal: AbortSignal) => fetch(server.url, { signal }).then(() => "answered", nameOf);
}

test("a deadline ends what hangs, however often memory is cleared meanwhile", async () => {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const clearing = setInterval(collect, 10);
  onTestFinished(() => clearInterval(clearing));
  expect(await withinDeadline(300, new AbortController().signal, await hangingRequest())).toBe(
    "TimeoutError",
  );
});

test("another signal ends it, also one that was given before", async () => {
  const request = await hangingRequest();
  const other = new AbortController();
  const asked = withinDeadline(60_000, other.signal, request);
  other.abort();
  expect(await asked).toBe("AbortError");
  expect(await withinDeadline(60_000, other.signal, request)).toBe("AbortError");
});
