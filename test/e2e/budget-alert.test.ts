import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { ALERTS_DIR, RULE_FILES } from "../alerts/rules-files.ts";
import { awayFromMidnight } from "../support/away-from-midnight.ts";
import { startFaultyServer } from "../support/faulty-server.ts";
import {
  realServersAvailable,
  startAlertmanager,
  startPrometheus,
  startPushgateway,
} from "../support/real-servers.ts";
import { createSandbox } from "../support/run-binary.ts";
import { waitFor } from "../support/wait-for.ts";

beforeEach(awayFromMidnight);

interface Notification {
  readonly receiver: string;
  readonly status: "firing" | "resolved";
  readonly alerts: readonly {
    readonly labels: Record<string, string>;
    readonly annotations: Record<string, string>;
  }[];
}

interface Route {
  readonly group_wait?: string;
  readonly routes?: readonly Route[];
}

/** Far more than the minute that the intervals as shipped take at most; those here are a second. */
const PATIENCE_MS = 60_000;

describe.skipIf(!realServersAvailable())("a budget that is exceeded", () => {
  test("reaches the webhook of the critical route, and is resolved by a higher one", async () => {
    const webhook = await startFaultyServer();
    onTestFinished(() => webhook.close());
    const alertmanager = await startAlertmanager(JSON.stringify(routesTo(`${webhook.url}/hook`)));
    onTestFinished(() => alertmanager.close());
    const gateway = await startPushgateway();
    onTestFinished(() => gateway.close());
    const prometheus = await startPrometheus({
      targets: [`127.0.0.1:${gateway.port}`],
      ruleFiles: rulesEachSecond(),
      alertmanager: `127.0.0.1:${alertmanager.port}`,
    });
    onTestFinished(() => prometheus.close());
    const sandbox = createSandbox();
    onTestFinished(() => sandbox.dispose());
    const env = {
      PUSHGATEWAY_URL: gateway.url,
      TTA_PERSONA_DELIVERY: "foreground",
    };
    const run = async (...args: string[]) =>
      expect(await sandbox.run(args, { env })).toMatchObject({ code: 0 });
    const told = (status: Notification["status"]) =>
      waitFor(
        () =>
          webhook
            .requests()
            .map(({ body }) => JSON.parse(body.toString()) as Notification)
            .find((one) => one.status === status && one.alerts.some(isExceeded)),
        { what: `the webhook to be told of a ${status} alert`, timeoutMs: PATIENCE_MS },
      );

    await run("budget", "set", "backend-engineer", "1000");
    await run(
      "tokens",
      "record",
      "--persona",
      "backend-engineer",
      "--model",
      "openai/gpt-4o",
      "--input",
      "1500",
      "--output",
      "10",
    );
    const firing = await told("firing");
    expect(firing.receiver).toBe("on-call");
    expect(firing.alerts.find(isExceeded)).toMatchObject({
      labels: { job: "tta-persona", persona: "backend-engineer", severity: "critical" },
      annotations: { description: expect.stringContaining("is at -510 tokens of its budget") },
    });

    await run("budget", "set", "backend-engineer", "1M");
    await told("resolved");
  });
});

function isExceeded({ labels }: Notification["alerts"][number]): boolean {
  return labels.alertname === "PersonaTokenBudgetExceeded";
}

/** The rules as shipped, evaluated each second. */
function rulesEachSecond(): string[] {
  const directory = mkdtempSync(join(tmpdir(), "rules-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return RULE_FILES.map((name) => {
    const text = readFileSync(join(ALERTS_DIR, name), "utf8");
    const file = join(directory, name);
    writeFileSync(file, text.replaceAll(/(?<=^ +interval: )\w+/gm, "1s"));
    return file;
  });
}

/** The routes as shipped, without their waits, and with webhooks for receivers. */
function routesTo(url: string): object {
  const example = parse(readFileSync(join(ALERTS_DIR, "alertmanager.yaml"), "utf8")) as {
    readonly route: Route;
    readonly inhibit_rules: unknown;
    readonly receivers: readonly { readonly name: string }[];
  };
  const hurried = (route: Route): Route => ({
    ...route,
    group_wait: "1s",
    ...{ group_interval: "1s" },
    ...(route.routes === undefined ? {} : { routes: route.routes.map(hurried) }),
  });
  return {
    route: hurried(example.route),
    inhibit_rules: example.inhibit_rules,
    receivers: example.receivers.map(({ name }) => ({ name, webhook_configs: [{ url }] })),
  };
}
