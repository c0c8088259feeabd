// What the stack is made of: programs, ports, directories, and Prometheus' configuration.
import { accessSync, constants, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";

const root = fileURLToPath(new URL("..", import.meta.url));
const DEFAULT_PORT_BASE = 9090;
const HIGHEST_PORT = 65_535;

/** In the order in which they start. `service` is the name in deploy/compose.yaml. */
export const servers = [
  {
    service: "pushgateway",
    name: "Pushgateway",
    offset: 1,
    commands: ["prometheus-pushgateway", "pushgateway"],
    aptPackage: "prometheus-pushgateway",
    args: ({ data }) => [`--persistence.file=${data}/pushgateway.metrics`],
  },
  {
    service: "alertmanager",
    name: "Alertmanager",
    offset: 3,
    commands: ["prometheus-alertmanager", "alertmanager"],
    aptPackage: "prometheus-alertmanager",
    args: ({ data }) => [
      `--config.file=${join(root, "deploy/alertmanager.yaml")}`,
      `--storage.path=${data}/alertmanager`,
      "--cluster.listen-address=",
    ],
  },
  {
    service: "prometheus",
    name: "Prometheus",
    offset: 0,
    commands: ["prometheus"],
    aptPackage: "prometheus",
    args: ({ data }) => [
      `--config.file=${data}/prometheus.yaml`,
      `--storage.tsdb.path=${data}/prometheus`,
      "--storage.tsdb.retention.time=90d",
    ],
  },
];

/** A mistake or a lack that is told in a line or two. */
export class StackError extends Error {}

/** @returns {{data: string, portBase: number | undefined}} `portBase` undefined: each takes a port that is free. */
export function readOptions(values, env) {
  const data = values.data ?? join(cacheDirectory(env), "tta-persona-stack");
  if (values["free-ports"] === true) return { data, portBase: undefined };
  const portBase = Number(values["port-base"] ?? DEFAULT_PORT_BASE);
  if (!Number.isInteger(portBase) || portBase < 1 || portBase + 3 > HIGHEST_PORT) {
    throw new StackError(`--port-base takes a number from 1 to ${HIGHEST_PORT - 3}.`);
  }
  return { data, portBase };
}

function cacheDirectory(env) {
  if (env.XDG_CACHE_HOME?.startsWith("/")) return env.XDG_CACHE_HOME;
  return join(homedir(), process.platform === "darwin" ? "Library/Caches" : ".cache");
}

/** @returns {Map<string, string>} executables by service. @throws StackError naming all that are missing. */
export function findCommands(env) {
  const found = new Map(
    servers.map(({ service, commands }) => [service, commands.find((command) => isInPath(command, env))]),
  );
  const missing = servers.filter(({ service }) => found.get(service) === undefined);
  if (missing.length === 0) return found;
  const names = missing.map(({ commands }) => commands[0]).join(", ");
  const packages = missing.map(({ aptPackage }) => aptPackage).join(" ");
  throw new StackError(
    `Not found in PATH: ${names}.\nOn Debian and Ubuntu: sudo apt-get install --no-install-recommends ${packages}`,
  );
}

function isInPath(command, env) {
  return (env.PATH ?? "").split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** @throws StackError naming the port and who wants it. */
export async function assertFree({ name }, port) {
  const server = createServer();
  const problem = await new Promise((resolve) => {
    server.on("error", resolve);
    server.listen(port, "127.0.0.1", () => resolve(undefined));
  });
  server.close();
  if (problem === undefined) return;
  throw new StackError(
    problem.code === "EADDRINUSE"
      ? `Port ${port}, which is ${name}'s, is in use.\nEnd what listens there (Debian starts the services that it installs: ` +
          "systemctl list-units 'prometheus*'), or take other ports: npm run stack -- --port-base 19090"
      : `${name} cannot listen on port ${port} (${problem.code}).\nTake other ports: npm run stack -- --port-base 19090`,
  );
}

/**
 * Makes the data directory ours alone: two Pushgateways would write the same file.
 *
 * @returns what gives it back. @throws StackError when another stack has it.
 */
export function takeDirectory(data) {
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const lock = join(data, "stack.pid");
  const holder = readHolder(lock);
  if (holder !== undefined) {
    throw new StackError(
      `Another stack (process ${holder}) keeps its data in ${data}.\nEnd it, or take another directory: npm run stack -- --data <dir>`,
    );
  }
  rmSync(lock, { force: true });
  writeFileSync(lock, `${process.pid}\n`, { flag: "wx", mode: 0o600 });
  return () => rmSync(lock, { force: true });
}

/** The process of a stack that still runs; one that was killed has left its file behind. */
function readHolder(lock) {
  try {
    const pid = Number.parseInt(readFileSync(lock, "utf8"), 10);
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return error.code === "EPERM" ? "of another user" : undefined;
  }
}

/**
 * deploy/prometheus.yaml with the native servers' addresses, without jobs of servers that are not started here.
 *
 * @param {ReadonlyMap<string, number>} ports by service
 */
export function prometheusConfig(ports) {
  const config = parse(readFileSync(join(root, "deploy/prometheus.yaml"), "utf8"));
  const addressOf = (target) => {
    const host = target.slice(0, target.indexOf(":"));
    const port = ports.get(host === "localhost" ? "prometheus" : host);
    return port === undefined ? [] : [`127.0.0.1:${port}`];
  };
  const localized = ({ targets, ...rest }) => ({ ...rest, targets: targets.flatMap(addressOf) });
  const withTargets = (configs) => configs.map(localized).filter(({ targets }) => targets.length > 0);
  const scrapes = config.scrape_configs.map((job) => ({
    ...job,
    static_configs: withTargets(job.static_configs),
  }));
  return stringify({
    ...config,
    rule_files: config.rule_files.map((path) => join(root, path)),
    alerting: {
      alertmanagers: config.alerting.alertmanagers.map((one) => ({
        ...one,
        static_configs: withTargets(one.static_configs),
      })),
    },
    scrape_configs: scrapes.filter(({ static_configs }) => static_configs.length > 0),
  });
}
