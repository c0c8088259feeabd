import { describe, test } from "vitest";
import { createCancellation, waitUnlessCancelled } from "../../src/workflow/cancellation.ts";

describe("a request to stop", () => {
  test("is passed on as it is, the second as KILL, the others not at all", ({ expect }) => {
    const cancellation = createCancellation();
    const heard: string[] = [];
    cancellation.onRequest((signal) => heard.push(signal));
    expect(cancellation.requested()).toBeUndefined();
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) cancellation.request(signal);
    expect(heard).toEqual(["SIGINT", "SIGKILL"]);
    expect(cancellation.requested()).toBe("SIGINT");
  });

  test("reaches all who listen, also when one stops within", ({ expect }) => {
    const cancellation = createCancellation();
    const heard: string[] = [];
    const forget = cancellation.onRequest(() => {
      heard.push("first");
      forget();
    });
    cancellation.onRequest(() => heard.push("second"));
    cancellation.request("SIGTERM");
    cancellation.request("SIGTERM");
    expect(heard).toEqual(["first", "second", "second"]);
  });
});

describe("waiting", () => {
  test("ends with a request, and listens no longer", async ({ expect }) => {
    const listeners = new Set<unknown>();
    const cancellation = createCancellation();
    const counting = {
      ...cancellation,
      onRequest(listener: (signal: NodeJS.Signals) => void) {
        listeners.add(listener);
        const forget = cancellation.onRequest(listener);
        return () => {
          listeners.delete(listener);
          forget();
        };
      },
    };
    await waitUnlessCancelled(1, counting);
    expect(listeners.size).toBe(0);
    const wait = waitUnlessCancelled(3_600_000, counting);
    expect(listeners.size).toBe(1);
    cancellation.request("SIGTERM");
    await wait;
    expect(listeners.size).toBe(0);
    // Over already.
    await waitUnlessCancelled(3_600_000, counting);
  });
});
