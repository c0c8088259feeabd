import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { realServersAvailable } from "../support/real-servers.ts";
import { repositoryRoot } from "../support/run-binary.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { composeSchema } from "./compose-schema.ts";
import {
  type AlertmanagerFile,
  addressesIn,
  type CollectorFile,
  type ComposeFile,
  type DashboardProvidersFile,
  type DataSourcesFile,
  mountOf,
  type PrometheusFile,
  readDeployFile,
} from "./deploy-files.ts";
import { dashboardProvidersSchema, dataSourcesSchema } from "./grafana-schemas.ts";

const execute = promisify(execFile);

const compose = readDeployFile<ComposeFile>("compose.yaml");
const prometheus = readDeployFile<PrometheusFile>("prometheus.yaml");
const collector = readDeployFile<CollectorFile>("otel-collector.yaml");
const dataSources = readDeployFile<DataSourcesFile>("grafana/provisioning/datasources/tta-persona.yaml");
const providers = readDeployFile<DashboardProvidersFile>("grafana/provisioning/dashboards/tta-persona.yaml");

const services = Object.entries(compose.services);
const mounts = services.flatMap(([service, { volumes }]) =>
  volumes.map((volume) => ({ service, ...mountOf(volume) })),
);

/** What is wrong with a value, one line each. */
function problemsOf(schema: object, value: unknown): readonly string[] {
  const ajv = new Ajv2020({
    allErrors: true,
    strict: true,
    strictRequired: false,
    strictTypes: false,
    strictTuples: false,
  });
  const validate = ajv.compile(schema);
  validate(value);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** Changes a copy of the compose file. */
function composeWith(change: (services: Record<string, Record<string, unknown>>) => void): unknown {
  const copy = structuredClone(compose) as unknown as { services: Record<string, Record<string, unknown>> };
  change(copy.services);
  return copy;
}

describe("compose.yaml", () => {
  test("is a compose file with pinned images, loopback ports and read-only files", () => {
    expect(problemsOf(composeSchema, compose)).toEqual([]);
  });

  test.each<[string, (services: Record<string, Record<string, unknown>>) => void]>([
    ["a port on all interfaces", ({ grafana = {} }) => Object.assign(grafana, { ports: ["3000:3000"] })],
    ["a moving tag", ({ tempo = {} }) => Object.assign(tempo, { image: "grafana/tempo:latest" })],
    ["no tag", ({ tempo = {} }) => Object.assign(tempo, { image: "grafana/tempo" })],
    ["half a version", ({ tempo = {} }) => Object.assign(tempo, { image: "grafana/tempo:3.0" })],
    ["a misspelt key", ({ prometheus = {} }) => Object.assign(prometheus, { health_check: {} })],
    ["a file that can be written", ({ tempo = {} }) => Object.assign(tempo, { volumes: ["./a.yaml:/a"] })],
    ["no restart", ({ pushgateway = {} }) => Object.assign(pushgateway, { restart: undefined })],
  ])("its schema turns down %s", (_, change) => {
    expect(problemsOf(composeSchema, composeWith(change))).not.toEqual([]);
  });

  test("mounts files that are there", () => {
    const files = mounts.filter(({ source }) => source.startsWith("."));
    const missing = files.filter(({ source }) => !existsSync(join(repositoryRoot, "deploy", source)));
    expect(missing.map(({ source }) => source)).toEqual([]);
  });

  test("declares the volumes it uses, and uses those it declares", () => {
    const used = mounts.map(({ source }) => source).filter((source) => !source.startsWith("."));
    expect(used.sort()).toEqual(Object.keys(compose.volumes).sort());
  });

  test("waits for services that have a health check", () => {
    for (const [name, { depends_on = {} }] of services) {
      for (const needed of Object.keys(depends_on)) {
        expect(compose.services[needed]?.healthcheck, `${name} needs ${needed}`).toBeDefined();
      }
    }
    const unchecked = services.filter(([, { healthcheck }]) => healthcheck === undefined);
    // Its image holds nothing that could ask.
    expect(unchecked.map(([name]) => name)).toEqual(["otel-collector"]);
  });

  test("holds no secret, and says what to do about the one it needs", () => {
    const secrets = services.flatMap(([, { environment = {} }]) =>
      Object.entries(environment).filter(([name]) => /PASSWORD|SECRET|TOKEN|KEY/.test(name)),
    );
    expect(secrets).toEqual([
      ["GF_SECURITY_ADMIN_PASSWORD", expect.stringMatching(/^\$\{GRAFANA_ADMIN_PASSWORD:\?\w.*\}$/)],
    ]);
  });

  test("gives each server the configuration file that is mounted for it", () => {
    for (const [name, { command = [] }] of services) {
      const config = command.map((word) => /^--?config(?:\.file)?=(.*)$/.exec(word)?.[1]).find(Boolean);
      if (config === undefined) continue;
      expect(mounts).toContainEqual({ service: name, source: expect.any(String), target: config });
    }
  });
});

test("the files name services that there are, at ports that they listen on", () => {
  const listening: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
    services.map(([name, { ports }]) => [name, ports.map((port) => port.split(":")[2] ?? "")]),
  );
  // Within the network only: Tempo takes spans, and the collector shows its own metrics.
  const inner = ["tempo:4317", "otel-collector:8888"];
  const named = [prometheus, collector, dataSources].flatMap(addressesIn);
  const unknown = named.filter((address) => {
    const [host = "", port = ""] = address.split(":");
    return host !== "localhost" && !inner.includes(address) && listening[host]?.includes(port) !== true;
  });
  expect(named.length).toBeGreaterThan(7);
  expect(unknown).toEqual([]);
});

describe("Prometheus and Alertmanager", () => {
  test("scrape the Pushgateway as it wants to be, as often as Grafana believes", () => {
    const [gateway] = prometheus.scrape_configs.filter(({ job_name }) => job_name === "pushgateway");
    expect(gateway?.honor_labels).toBe(true);
    expect(prometheus.global).toEqual({ scrape_interval: "15s", evaluation_interval: "15s" });
    const [source] = dataSources.datasources.filter(({ type }) => type === "prometheus");
    expect(source?.jsonData?.timeInterval).toBe(prometheus.global.scrape_interval);
  });

  test("route alerts as the example does that is exported, and tell nobody of them", () => {
    const [ours, example] = ["deploy", "alerts"].map(
      (directory) =>
        parse(readFileSync(join(repositoryRoot, directory, "alertmanager.yaml"), "utf8")) as AlertmanagerFile,
    );
    expect(ours?.route).toEqual(example?.route);
    expect(ours?.inhibit_rules).toEqual(example?.inhibit_rules);
    expect(ours?.receivers).toEqual(example?.receivers.map(({ name }) => ({ name })));
  });

  describe.skipIf(!realServersAvailable())("by their own tools", () => {
    test("are configured well, in the places that the container has", async () => {
      const root = temporaryDirectory();
      for (const { service, source, target } of mounts) {
        if (service !== "prometheus" || !source.startsWith(".")) continue;
        const from = join(repositoryRoot, "deploy", source);
        mkdirSync(join(root, target, ".."), { recursive: true });
        cpSync(from, join(root, target), { recursive: true });
      }
      const config = join(root, "etc/prometheus/prometheus.yaml");
      const { stdout } = await execute("promtool", ["check", "config", config]);
      expect(stdout).toContain("is valid prometheus config file syntax");
      expect(stdout).toContain("SUCCESS: 2 rule files found");
    });

    test("Alertmanager's file passes its own check", async () => {
      const { stdout } = await execute("amtool", [
        "check-config",
        join(repositoryRoot, "deploy/alertmanager.yaml"),
      ]);
      expect(stdout).toContain("SUCCESS");
    });
  });
});

describe("Grafana", () => {
  test("is provisioned with files of the documented form", () => {
    expect(problemsOf(dataSourcesSchema, dataSources)).toEqual([]);
    expect(problemsOf(dashboardProvidersSchema, providers)).toEqual([]);
    const [first] = dataSources.datasources;
    expect(
      problemsOf(dataSourcesSchema, { apiVersion: 1, datasources: [{ ...first, urll: "x" }] }),
    ).not.toEqual([]);
  });

  test("finds the dashboards where they are mounted, and data sources by uids of their own", () => {
    const path = providers.providers[0]?.options.path;
    expect(mounts).toContainEqual({ service: "grafana", source: "../dashboards", target: path });
    const home = compose.services.grafana?.environment?.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH;
    expect(home).toBe(`${path}/persona-overview.json`);
    const uids = dataSources.datasources.map(({ uid }) => uid);
    expect(new Set(uids).size).toBe(uids.length);
    const named = dataSources.datasources.flatMap(({ jsonData = {} }) =>
      Object.entries(jsonData).flatMap(([key, value]) => (/uid$/i.test(key) ? [value] : [])),
    );
    expect(named.filter((uid) => !uids.includes(String(uid)))).toEqual([]);
  });
});

describe("the collector", () => {
  test("has every component that a pipeline names, and names every one that it has", () => {
    const { pipelines, extensions } = collector.service;
    for (const kind of ["receivers", "processors", "exporters"] as const) {
      const named = Object.values(pipelines).flatMap((pipeline) => pipeline[kind]);
      expect([...new Set(named)].sort(), kind).toEqual(Object.keys(collector[kind]).sort());
    }
    expect(extensions).toEqual(Object.keys(collector.extensions));
    expect(Object.keys(pipelines)).toEqual(["traces"]);
  });

  test("limits its memory before anything else", () => {
    expect(collector.service.pipelines.traces?.processors[0]).toBe("memory_limiter");
  });

  test("listens where compose.yaml publishes it", () => {
    const listening = JSON.stringify([collector.receivers, collector.extensions]).match(/0\.0\.0\.0:(\d+)/g);
    const published = compose.services["otel-collector"]?.ports.map(
      (port) => `0.0.0.0:${port.split(":")[2]}`,
    );
    expect(listening?.sort()).toEqual(published?.toSorted());
  });
});

test("the README names addresses that the stack has", () => {
  const readme = readFileSync(join(repositoryRoot, "README.md"), "utf8");
  const [, section = ""] = readme.split("\n## Dashboards, alerts and the stack\n");
  const text = section.split("\n## ")[0] ?? "";
  const published = services.flatMap(([, { ports }]) => ports.map((port) => port.split(":")[1]));
  const named = [...text.matchAll(/127\.0\.0\.1:(\d+)/g)].map(([, port]) => port);
  expect(named.length).toBeGreaterThan(3);
  expect(named.filter((port) => !published.includes(port))).toEqual([]);
});
