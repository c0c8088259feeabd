import { existsSync, readFileSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ExpectStatic, type TestContext, test } from "vitest";
import { type FakePushgateway, startFakePushgateway } from "../support/fake-pushgateway.ts";
import { createSandbox, type Sandbox, type SandboxOptions } from "../support/run-binary.ts";
import { waitFor } from "../support/wait-for.ts";
import { copyProgram, runIn } from "./copied-program.ts";
import {
  configuredSandbox,
  deliverers,
  noDeliverer,
  oneDeliverer,
  PERSONAS,
  switchesInJournal,
} from "./delivery-home.ts";

const SWITCHES = "hypertool_persona_switches_total";

interface Setting {
  readonly linger?: string;
  readonly scrapeInterval?: string;
}

/** A home that delivers in the background to a gateway of its own. */
async function begin(context: TestContext, setting: Setting = {}, options: SandboxOptions = {}) {
  const gateway = await startFakePushgateway();
  context.onTestFinished(() => gateway.close());
  const sandbox = configuredSandbox(
    {
      delivery: { linger: setting.linger ?? "1s" },
      // Shown at once, as good as: what is held back is what one of the tests is about.
      pushgateway: { url: gateway.url, scrapeInterval: setting.scrapeInterval ?? "1ms" },
    },
    options,
  );
  context.onTestFinished(() => sandbox.dispose());
  return { sandbox, gateway };
}

async function runSwitch(
  { expect }: { expect: ExpectStatic },
  sandbox: Sandbox,
  persona: string,
  env: Record<string, string> = {},
) {
  const result = await sandbox.run(["switch", persona], { env });
  expect(result).toMatchObject({ code: 0, stderr: "" });
  return result;
}

/** Likewise where the machine is so busy that a push may have had no answer in time, which a later switch says. */
async function switchUnderLoad(
  { expect }: { expect: ExpectStatic },
  sandbox: Sandbox,
  persona: string,
  env: Record<string, string> = {},
) {
  const { code, stderr } = await sandbox.run(["switch", persona], { env });
  expect(code, stderr).toBe(0);
}

const arrived = (gateway: FakePushgateway, count: number) =>
  waitFor(() => gateway.value(SWITCHES) === count, { what: `${count} switches on the gateway` });

/** Looks at the home's deliverers all the time; gives the most that were ever alive at once. */
function watchDeliverers(sandbox: Sandbox) {
  let most = 0;
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      most = Math.max(most, deliverers(sandbox).length);
      await sleep(20);
    }
  })();
  return async () => {
    isOver = true;
    await watching;
    return most;
  };
}

test.concurrent("a switch starts one deliverer, which serves the next ones", async (context) => {
  const { sandbox, gateway } = await begin(context, { linger: "60s" });
  await runSwitch(context, sandbox, "backend-engineer");
  const pid = await oneDeliverer(sandbox);
  await arrived(gateway, 1);
  await runSwitch(context, sandbox, "testing-specialist");
  await arrived(gateway, 2);
  context.expect(deliverers(sandbox)).toEqual([pid]);
  context.expect(gateway.decreases()).toEqual([]);
});

test.concurrent("a deliverer ends when nothing comes", async (context) => {
  const { sandbox, gateway } = await begin(context, { linger: "100ms" });
  await runSwitch(context, sandbox, "backend-engineer");
  await arrived(gateway, 1);
  await noDeliverer(sandbox);
});

test.concurrent("the command's output closes at once, though its deliverer stays", async (context) => {
  const { sandbox } = await begin(context, { linger: "60s" });
  const { stdout } = await runSwitch(context, sandbox, "backend-engineer");
  context.expect(stdout).toMatch(/^Switched to /);
  await oneDeliverer(sandbox);
});

test.concurrent("with no sink configured nothing is spawned", async (context) => {
  const sandbox = createSandbox();
  context.onTestFinished(() => sandbox.dispose());
  const most = watchDeliverers(sandbox);
  await runSwitch(context, sandbox, "backend-engineer");
  context.expect(await most()).toBe(0);
  context.expect(existsSync(join(sandbox.home, "lease"))).toBe(false);
});

test.concurrent("with delivery off nothing is spawned", async (context) => {
  const { sandbox } = await begin(context);
  const most = watchDeliverers(sandbox);
  await runSwitch(context, sandbox, "backend-engineer", { TTA_PERSONA_DELIVERY: "off" });
  context.expect(await most()).toBe(0);
});

test.concurrent("it stays for what it holds back, however short it lingers", async (context) => {
  const { sandbox, gateway } = await begin(context, { linger: "100ms", scrapeInterval: "1s" });
  await runSwitch(context, sandbox, "backend-engineer");
  await arrived(gateway, 1);
  await noDeliverer(sandbox);
  const series = [...gateway.history()].find(([name]) => name.startsWith(SWITCHES))?.[1];
  context.expect(series?.[0]).toBe(0);
});

test.concurrent("it ends when its home is removed, and does not bring it back", async (context) => {
  const { sandbox, gateway } = await begin(context, { linger: "60s" });
  await runSwitch(context, sandbox, "backend-engineer");
  await arrived(gateway, 1);
  rmSync(sandbox.home, { recursive: true });
  await noDeliverer(sandbox);
  context.expect(existsSync(sandbox.home)).toBe(false);
});

test.concurrent("a home that is removed while a push hangs does not come back either", async (context) => {
  const { sandbox, gateway } = await begin(context, { linger: "60s" });
  await gateway.behave("hang");
  await runSwitch(context, sandbox, "backend-engineer");
  await waitFor(() => gateway.requests().length > 0, { what: "the push" });
  rmSync(sandbox.home, { recursive: true });
  await noDeliverer(sandbox);
  context.expect(existsSync(sandbox.home)).toBe(false);
});

test.concurrent("it ends when its program is replaced, and the next switch starts the new one", async (context) => {
  const program = copyProgram();
  context.onTestFinished(program.remove);
  const { sandbox, gateway } = await begin(context, { linger: "60s" }, { launcher: program.launcher });
  await runSwitch(context, sandbox, "backend-engineer");
  await arrived(gateway, 1);
  utimesSync(program.deliverer, 1, 1);
  await noDeliverer(sandbox);
  await runSwitch(context, sandbox, "testing-specialist");
  await arrived(gateway, 2);
  rmSync(program.deliverer);
  await noDeliverer(sandbox);
});

test.concurrent("it ends on SIGTERM; killed hard it is replaced by the next switch", async (context) => {
  const { sandbox, gateway } = await begin(context, { linger: "60s" });
  await runSwitch(context, sandbox, "backend-engineer");
  await arrived(gateway, 1);
  process.kill(await oneDeliverer(sandbox), "SIGTERM");
  await noDeliverer(sandbox);

  await runSwitch(context, sandbox, "testing-specialist");
  await arrived(gateway, 2);
  process.kill(await oneDeliverer(sandbox), "SIGKILL");
  await noDeliverer(sandbox);

  await runSwitch(context, sandbox, "backend-engineer");
  await arrived(gateway, 3);
  context.expect(gateway.decreases()).toEqual([]);
});

test.concurrent("a command with other settings has it hand over", async (context) => {
  const { sandbox, gateway } = await begin(context, { linger: "60s" });
  const other = await startFakePushgateway();
  context.onTestFinished(() => other.close());
  const env = { PUSHGATEWAY_URL: other.url };
  await runSwitch(context, sandbox, "backend-engineer");
  await arrived(gateway, 1);
  const first = await oneDeliverer(sandbox);
  await runSwitch(context, sandbox, "testing-specialist", env);
  await arrived(other, 2);
  const second = await oneDeliverer(sandbox);
  context.expect(second).not.toBe(first);
  await runSwitch(context, sandbox, "backend-engineer", env);
  await arrived(other, 3);
  context.expect(deliverers(sandbox)).toEqual([second]);
  context.expect(gateway.value(SWITCHES)).toBe(1);
});

test.concurrent("a newer version takes over, an older one does not", async (context) => {
  const [older, newer] = [copyProgram("0.0.9"), copyProgram("99.0.0")];
  context.onTestFinished(older.remove);
  context.onTestFinished(newer.remove);
  const { sandbox, gateway } = await begin(context, { linger: "60s" });
  const version = () => gateway.samples().find(({ name }) => name === "hypertool_build_info")?.labels.version;

  await runSwitch(context, sandbox, "backend-engineer");
  await arrived(gateway, 1);
  const first = await oneDeliverer(sandbox);
  const own = version();

  await runIn(sandbox, older.launcher, ["switch", "testing-specialist"]);
  await arrived(gateway, 2);
  context.expect(deliverers(sandbox)).toEqual([first]);
  context.expect(version()).toBe(own);

  await runIn(sandbox, newer.launcher, ["switch", "data-scientist"]);
  await arrived(gateway, 3);
  await waitFor(() => version() === "99.0.0", { what: "the newer version's push" });
  const second = await oneDeliverer(sandbox);
  context.expect(second).not.toBe(first);

  await runSwitch(context, sandbox, "backend-engineer");
  await arrived(gateway, 4);
  context.expect(deliverers(sandbox)).toEqual([second]);
  context.expect(gateway.decreases()).toEqual([]);
});

test.concurrent("what the background cannot deliver, the next command says in one line", async (context) => {
  const { sandbox, gateway } = await begin(context, { linger: "60s" });
  await gateway.behave({ status: 503 });
  await runSwitch(context, sandbox, "backend-engineer");
  const notice = join(sandbox.home, "state", "delivery-notice");
  await waitFor(() => readFileSync(notice, "utf8") !== "", { what: "the notice" });
  const second = await sandbox.run(["switch", "testing-specialist"]);
  context.expect(second.code).toBe(0);
  context.expect(second.stdout).toMatch(/^Switched to .*\n$/);
  context.expect(second.stderr).toMatch(/^tta-persona: not delivered yet: pushgateway \(HTTP 503.*\n$/);
  await gateway.behave("ok");
  await arrived(gateway, 2);
  await waitFor(() => !existsSync(notice), { what: "the notice to go" });
});

test("50 switches at once start exactly one deliverer, and all of them arrive", async (context) => {
  const { sandbox, gateway } = await begin(context, { linger: "60s" });
  const most = watchDeliverers(sandbox);
  await Promise.all(
    Array.from({ length: 50 }, (_, index) => switchUnderLoad(context, sandbox, PERSONAS[index % 6] ?? "")),
  );
  const switches = switchesInJournal(sandbox.home).length;
  context.expect(switches).toBeGreaterThan(5);
  await arrived(gateway, switches);
  context.expect(await most()).toBe(1);
  context.expect(gateway.decreases()).toEqual([]);
});

test("100 switches that alternate between two settings never pile deliverers up", async (context) => {
  const { sandbox, gateway } = await begin(context, { linger: "1s" });
  const other = await startFakePushgateway();
  context.onTestFinished(() => other.close());
  const most = watchDeliverers(sandbox);
  let last = 0;
  for (let index = 0; index < 100; index += 4) {
    // Two in a row of each, and pairs at once, so that requests to hand over also race.
    await Promise.all([
      switchUnderLoad(context, sandbox, PERSONAS[last++ % 6] ?? "", { PUSHGATEWAY_URL: other.url }),
      switchUnderLoad(context, sandbox, PERSONAS[last++ % 6] ?? ""),
    ]);
    await switchUnderLoad(context, sandbox, PERSONAS[last++ % 6] ?? "", { PUSHGATEWAY_URL: other.url });
    await switchUnderLoad(context, sandbox, PERSONAS[last++ % 6] ?? "");
  }
  // The last word is that of whoever was asked last: one more for each, so that both have everything.
  await noDeliverer(sandbox);
  context.expect(await most()).toBeLessThanOrEqual(2);
  for (const [env, backend] of [
    [{ PUSHGATEWAY_URL: other.url }, other],
    [{}, gateway],
  ] as const) {
    await switchUnderLoad(context, sandbox, PERSONAS[last++ % 6] ?? "", env as Record<string, string>);
    await arrived(backend, switchesInJournal(sandbox.home).length);
    await noDeliverer(sandbox);
    context.expect(backend.decreases()).toEqual([]);
  }
});
