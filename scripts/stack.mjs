// Starts Pushgateway, Alertmanager and Prometheus with our rules from the distribution's packages, on loopback, until
// Ctrl-C. deploy/compose.yaml is the same and more, for those with a container engine.
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import {
  assertFree,
  findCommands,
  prometheusConfig,
  readOptions,
  StackError,
  servers,
  takeDirectory,
} from "./stack-plan.mjs";
import { startServer } from "./stack-server.mjs";

const USAGE = `npm run stack -- [--data <dir>] [--port-base <n> | --free-ports]

  --data <dir>      where data and logs are kept; tta-persona-stack in your cache directory when left out
  --port-base <n>   Prometheus at n, Pushgateway at n+1, Alertmanager at n+3; 9090 when left out
  --free-ports      each takes a port that is free
`;

const say = (text) => process.stdout.write(`${text}\n`);

function readArguments() {
  const options = {
    data: { type: "string" },
    "port-base": { type: "string" },
    "free-ports": { type: "boolean" },
    help: { type: "boolean", short: "h" },
  };
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new StackError(`${error.message}\n${USAGE}`);
  }
}

/** Resolves when somebody wants us to stop. */
const asked = new Promise((resolveAsked) => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => resolveAsked("asked"));
});

/** @returns the servers' ports by service, or undefined when we were asked to stop meanwhile. */
async function start(running, { data, portBase }) {
  const commands = findCommands(process.env);
  const ports = new Map();
  if (portBase !== undefined) {
    for (const server of servers) {
      await assertFree(server, portBase + server.offset);
      ports.set(server.service, portBase + server.offset);
    }
  }
  giveBack = takeDirectory(data);
  for (const server of servers) {
    const { service, name, args } = server;
    // The last one to start, so that the others' ports are known.
    if (service === "prometheus") {
      writeFileSync(`${data}/prometheus.yaml`, prometheusConfig(ports), { mode: 0o600 });
    }
    const child = startServer({
      name,
      command: commands.get(service),
      args: [...args({ data }), `--web.listen-address=127.0.0.1:${ports.get(service) ?? 0}`],
      logFile: `${data}/${service}.log`,
    });
    running.push(child);
    const port = await Promise.race([child.ready(), asked]);
    if (port === "asked") return undefined;
    if (port === undefined) throw await failureOf(child);
    ports.set(service, port);
  }
  return ports;
}

async function failureOf(child) {
  const ended = await Promise.race([child.ended, undefined]);
  const what = ended === undefined ? "was not ready in time" : `ended by itself (${ended})`;
  return new StackError([`${child.name} ${what}. Its last lines:`, ...child.lastLines()].join("\n  "));
}

function tell(ports, data) {
  const url = (service) => `http://127.0.0.1:${ports.get(service)}`;
  for (const { service, name } of servers) say(`${name.padEnd(13)} ${url(service)}`);
  say(`\nData and logs are in ${data}. In another terminal:\n`);
  say(`  export PUSHGATEWAY_URL=${url("pushgateway")}`);
  say("  tta-persona config set pushgateway.scrapeInterval 15s\n");
  say("Ctrl-C stops all three.");
}

const running = [];
let giveBack = () => undefined;
try {
  const values = readArguments();
  if (values.help === true) say(USAGE);
  else {
    const options = readOptions(values, process.env);
    const data = resolve(process.env.INIT_CWD ?? ".", options.data);
    const ports = await start(running, { ...options, data });
    if (ports !== undefined) {
      tell(ports, data);
      const died = running.map((child) => child.ended.then(() => child));
      const first = await Promise.race([asked, ...died]);
      if (first !== "asked") throw await failureOf(first);
    }
    say("Stopping.");
  }
} catch (error) {
  if (!(error instanceof StackError) && error?.code === undefined) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
} finally {
  await Promise.all(running.map((child) => child.stop()));
  giveBack();
}
