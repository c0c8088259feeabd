import type { PushgatewayClient } from "../../backend/pushgateway.ts";
import type { GroupingKey } from "../../backend/pushgateway-group.ts";
import { parseDuration } from "../../core/duration.ts";
import { ExitCode, UserError } from "../../core/errors.ts";
import { type Command, optionText } from "../command.ts";
import type { CliContext } from "../context.ts";
import { currentLedger, deliveryContext } from "../delivery-context.ts";
import type { MetricsDeleteJson, MetricsPruneJson } from "../json-shapes.ts";

const GATEWAY_TIMEOUT_MS = 10_000;

const serve: Command = {
  name: "serve",
  summary: "Serve the metrics over HTTP, for Prometheus to scrape",
  options: [
    { flags: "--port <n>", doc: "port to listen on; 0 takes a free one (default: 9464)" },
    { flags: "--host <address>", doc: "address to listen on (default: 127.0.0.1)" },
  ],
  examples: [
    { command: "tta-persona metrics serve --port 9464", doc: "then scrape http://127.0.0.1:9464/metrics" },
  ],
  exitCodes: { 1: "the port cannot be had", 130: "ended with Ctrl-C" },
  json: "tta-persona/metrics-serve/1",
  async run(invocation, ctx) {
    const port = Number(optionText(invocation, "port") ?? "9464");
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      throw new UserError({
        reason: "invalid-port",
        message: "--port is not a port number.",
        hint: "It takes a number from 0 to 65535.",
      });
    }
    const { serveMetrics } = await import("../serve-metrics.ts");
    return serveMetrics(ctx, optionText(invocation, "host") ?? "127.0.0.1", port);
  },
};

const remove: Command = {
  name: "delete",
  summary: "Delete this installation's group from the Pushgateway",
  description: "The totals stay in the journal; the next push brings the group back.",
  examples: [{ command: "tta-persona metrics delete", doc: "before this machine is given away" }],
  exitCodes: { 0: "deleted, or it was not there", 1: "the Pushgateway did not do it" },
  json: "tta-persona/metrics-delete/1",
  async run(_, ctx) {
    const { client, own } = await gateway(ctx);
    await deleteGroup(client, own);
    const { job, labels } = own;
    const document: MetricsDeleteJson = {
      schema: "tta-persona/metrics-delete/1",
      group: { job, ...labels },
    };
    ctx.output.done(document, `Deleted ${describe(own)}\n`);
    return ExitCode.done;
  },
};

const prune: Command = {
  name: "prune",
  summary: "Delete groups of tta-persona that nobody has pushed to for long",
  options: [
    { flags: "--older-than <duration>", doc: "since the last push (default: 30d)" },
    { flags: "--dry-run", doc: "only show which ones" },
  ],
  examples: [
    { command: "tta-persona metrics prune --older-than 7d --dry-run", doc: "what a clean-up would delete" },
  ],
  exitCodes: { 1: "the Pushgateway did not do it" },
  json: "tta-persona/metrics-prune/1",
  async run(invocation, ctx) {
    const olderThan = optionText(invocation, "olderThan") ?? "30d";
    const ageMs = parseDuration(olderThan);
    if (ageMs === undefined) {
      throw new UserError({
        reason: "invalid-duration",
        message: `--older-than cannot be "${olderThan}".`,
        hint: "It takes a duration such as 12h or 30d.",
      });
    }
    const isDryRun = invocation.options.dryRun === true;
    const { client, own } = await gateway(ctx);
    const groups = await client.listGroups(AbortSignal.timeout(GATEWAY_TIMEOUT_MS));
    if (!groups.ok) throw await gatewayFailure(groups.error);
    const limit = (ctx.clock.now() - ageMs) / 1000;
    const old = groups.value
      .filter(({ key, pushTimeSeconds }) => key.job === own.job && (pushTimeSeconds ?? limit) < limit)
      .map(({ key }) => key);
    if (!isDryRun) for (const key of old) await deleteGroup(client, key);
    const verb = isDryRun ? "Would delete" : "Deleted";
    const lines = old.map((key) => `${verb} ${describe(key)}\n`).join("");
    const document: MetricsPruneJson = {
      schema: "tta-persona/metrics-prune/1",
      dryRun: isDryRun,
      groups: old.map(({ job, labels }) => ({ job, ...labels })),
    };
    const say = isDryRun ? ctx.output.answer : ctx.output.done;
    say(document, lines === "" ? `No group is older than ${olderThan}\n` : lines);
    return ExitCode.done;
  },
};

export const command: Command = {
  name: "metrics",
  summary: "Print the metrics as Prometheus reads them",
  description: "The totals come from the journal, so they are there with nothing configured.",
  examples: [
    { command: "tta-persona metrics", doc: "all metrics in the exposition format" },
    {
      command: "tta-persona metrics > /var/lib/node_exporter/tta.prom",
      doc: "for node_exporter's textfile collector",
    },
  ],
  exitCodes: {},
  json: "tta-persona/metrics/1",
  subcommands: [serve, remove, prune],
  async run(_, ctx) {
    const { exposition, families } = await import("../exposition.ts");
    const current = families(ctx, currentLedger(ctx));
    const document = { schema: "tta-persona/metrics/1", families: current };
    ctx.output.content(document, await exposition(current));
    return ExitCode.done;
  },
};

async function gateway(ctx: CliContext): Promise<{ client: PushgatewayClient; own: GroupingKey }> {
  const { resolveDestinations } = await import("../../delivery/destinations.ts");
  const { createGatewayClient } = await import("../../delivery/gateway-client.ts");
  const found = resolveDestinations(deliveryContext(ctx)).destinations.find(
    ({ sink }) => sink === "pushgateway",
  );
  if (found?.sink !== "pushgateway") {
    throw new UserError({
      reason: "no-pushgateway",
      message: "No Pushgateway is configured.",
      hint: "Set PUSHGATEWAY_URL, or: tta-persona config set pushgateway.url http://localhost:9091",
    });
  }
  const client = createGatewayClient(found.settings, ctx.version);
  return { client, own: found.identity.group };
}

async function deleteGroup(client: PushgatewayClient, key: GroupingKey): Promise<void> {
  const outcome = await client.delete(key, AbortSignal.timeout(GATEWAY_TIMEOUT_MS));
  if (outcome.status !== "accepted") throw await gatewayFailure(outcome);
}

async function gatewayFailure(outcome: { readonly reason: string }): Promise<UserError> {
  const { explainReason } = await import("../../delivery/report.ts");
  return new UserError(
    {
      reason: "pushgateway-failed",
      message: `The Pushgateway did not do it (${explainReason(outcome.reason)}).`,
      hint: "See: tta-persona doctor",
    },
    ExitCode.failed,
  );
}

function describe({ job, labels }: GroupingKey): string {
  return Object.entries({ job, ...labels })
    .map(([name, value]) => `${name}="${value}"`)
    .join(" ");
}
