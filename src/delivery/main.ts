import fs from "node:fs";
import { readSettings } from "../config/settings.ts";
import { forwardClock, systemClock } from "../core/clock.ts";
import { readEnvironment } from "../core/environment.ts";
import { UserError } from "../core/errors.ts";
import { type Home, resolveHome } from "../core/home.ts";
import { isProvablyDead, type Owner } from "../core/owner.ts";
import { version } from "../core/version.ts";
import { readDefaultBudgets } from "../persona/budgets.ts";
import { builtInHeads } from "../persona/built-in.ts";
import { readPersonaHeads } from "../persona/heads.ts";
import { BUG, reasonOfThrown } from "./contained-sink.ts";
import { runDeliverer } from "./deliverer.ts";
import { keepDelivererError } from "./deliverer-error.ts";
import { writeNotice } from "./notice.ts";
import { explainReason } from "./report.ts";
import { LEASE_VARIABLE, OWNER_VARIABLE } from "./spawn-deliverer.ts";

process.title = "tta-persona deliver";

let stopped = false;
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  process.on(signal, () => {
    stopped = true;
  });
}

/** Once its command is over, what a backend that hangs still owes has so long; the next one may need the lease. */
const GRACE_MS = 1000;

const env = readEnvironment();
const commandOwner = parseOwner(env[OWNER_VARIABLE]);
if (commandOwner !== undefined) endWith(commandOwner);
const home = resolveHome(env, process.platform);
if (home.ok) void deliver(home.value);

async function deliver(home: Home): Promise<void> {
  // Wherever it was started from: a project's personas are not this process's.
  const places = { cwd: home.data, userDir: home.personas };
  const personas = () => (readPersonaHeads(places) ?? builtInHeads).map(({ name }) => name);
  const defaultBudgets = () => readDefaultBudgets(places);
  const settings = readSettings(home.configFile, env);
  const origin = { home, clock: systemClock, version };
  process.on("uncaughtException", (error) => {
    keepDelivererError(origin, error);
    process.exit(1);
  });
  try {
    await runDeliverer(
      {
        home,
        env,
        settings,
        clock: forwardClock(systemClock),
        version,
        personas,
        defaultBudgets,
      },
      {
        generation: Number(env[LEASE_VARIABLE] ?? 0),
        programPath: import.meta.filename,
        holdsFirstValues: commandOwner === undefined,
        isStopped: () => stopped || (commandOwner !== undefined && isProvablyDead(commandOwner)),
      },
    );
  } catch (error) {
    const told = explainThrown(error);
    if (told === undefined) keepDelivererError(origin, error);
    // A home that was removed must not come back to life.
    else if (fs.existsSync(home.data)) writeNotice(home, `not delivered yet: ${told}`);
  }
  // Sockets of backends that hang would keep the process alive.
  process.exit();
}

/** What is no mistake of ours: a full disk, or a home of a newer program. */
function explainThrown(error: unknown): string | undefined {
  if (error instanceof UserError) return error.message;
  const reason = reasonOfThrown(error);
  return reason === BUG ? undefined : `${explainReason(reason)}; nothing is lost, see: tta-persona doctor`;
}

/** As hard as a kill, which everything here is made for: a dead process holds no lease. */
function endWith(owner: Owner): void {
  const timer = setInterval(() => {
    if (!isProvablyDead(owner)) return;
    clearInterval(timer);
    setTimeout(() => process.exit(), GRACE_MS).unref();
  }, 250);
  timer.unref();
}

function parseOwner(text: string | undefined): Owner | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as Owner);
}
