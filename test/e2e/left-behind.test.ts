import { describe, test } from "vitest";
import { currentOwner, isProvablyDead } from "../../src/core/owner.ts";
import { readProject, type StageText, sandboxOf, writeWorkflow } from "./run-sandbox.ts";

const OFF = { TTA_PERSONA_DELIVERY: "off" };

/** What a script may leave in the background, each with its pid in the file `left`. */
const LEFT: readonly [name: string, script: string][] = [
  ["a job that holds the pipes", "sleep 300 & echo $! > left"],
  ["a job of a job", "(sleep 300 & echo $! > left) & wait"],
  ["one with nohup", "nohup sleep 300 > /dev/null 2>&1 & echo $! > left"],
  ["one that writes all the time", "yes & echo $! > left"],
];

describe.each(LEFT)("a script leaves %s", { concurrent: true }, (_, script) => {
  const check = async (
    context: Parameters<typeof sandboxOf>[0],
    args: readonly string[],
    stages: StageText[],
  ) => {
    const sandbox = sandboxOf(context);
    writeWorkflow(sandbox, "leaving", stages);
    const result = await sandbox.run(args, { env: OFF });
    const pid = Number(readProject(sandbox, "left"));
    context.expect(pid).toBeGreaterThan(1);
    context.expect(isProvablyDead(currentOwner(pid))).toBe(true);
    context.expect(sandbox.processes()).toEqual([]);
    return result;
  };

  test("the stage ends, and nothing of it is left when the next one begins", async (context) => {
    // What has ended may still be there as a zombie.
    const after = `case "$(ps -o stat= -p "$(cat left)" || true)" in "" | Z*) echo over=yes >> "$TTA_OUTPUT" ;; esac`;
    const stages = [
      { id: "leave", run: script },
      { id: "after", run: after, outputs: ["over"] },
    ];
    const result = await check(context, ["run", "leaving", "--json"], stages);
    context.expect(result).toMatchObject({ code: 0, stderr: "" });
    context.expect(JSON.parse(result.stdout)).toMatchObject({ result: "success" });
  });

  test("its exit code counts, with exec too", async (context) => {
    const args = ["exec", "--persona", "backend-engineer", "--", "bash", "-c", `${script}; exit 6`];
    context.expect(await check(context, args, [])).toMatchObject({ code: 6 });
  });
});

test.concurrent("a process that got away (setsid) does not hold a stage up", async (context) => {
  const sandbox = sandboxOf(context);
  writeWorkflow(sandbox, "leaving", [{ id: "leave", run: "setsid sleep 300 & echo done" }]);
  const result = await sandbox.run(["run", "leaving", "--json"], { env: OFF });
  context.expect(result).toMatchObject({ code: 0, stderr: "" });
});

test.concurrent("one that is stopped hears that it is to end", async (context) => {
  const sandbox = sandboxOf(context);
  const job = "trap 'echo TERM > heard; exit' TERM; echo $$ > left; while :; do sleep 0.1; done";
  const script = `sh -c "$JOB" & while [ ! -s left ]; do sleep 0.02; done; kill -STOP $!`;
  writeWorkflow(sandbox, "leaving", [{ id: "leave", run: script, env: { JOB: job } }]);
  const result = await sandbox.run(["run", "leaving"], { env: OFF });
  context.expect(result).toMatchObject({ code: 0, stderr: "" });
  context.expect(readProject(sandbox, "heard")).toBe("TERM\n");
  context.expect(sandbox.processes()).toEqual([]);
});
