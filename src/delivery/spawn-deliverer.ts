import type { Environment } from "../core/environment.ts";
import type { Home } from "../core/home.ts";
import { currentOwner, type Owner } from "../core/owner.ts";
import {
  askHandover,
  clearHandover,
  type LeaseRecord,
  mayAskHandover,
  passHandover,
  passLease,
  readHandover,
  readLease,
  releaseLease,
  takeLease,
} from "./lease.ts";
import { startDetached } from "./start-detached.ts";

/** Tells the deliverer which generation of the lease was passed to it; `0`: it has to wait for its turn. */
export const LEASE_VARIABLE = "TTA_PERSONA_LEASE_GENERATION";

/**
 * Tells the deliverer the owner, as JSON, of the command that it delivers for in the foreground: it shows true totals
 * at once, and ends with that command.
 */
export const OWNER_VARIABLE = "TTA_PERSONA_DELIVER_FOR";

export interface DelivererProgram {
  /** Path of the bundled deliverer. */
  readonly path: string;
  readonly version: string;
  readonly deliveryHash: string;
  /** Set where it is to end with a command. */
  readonly for?: Owner;
}

/**
 * Sees to it that a background process delivers what was just appended: nothing to do while one of the same
 * version and settings is alive, else one is started, detached. Of commands that race, one starts it: the
 * lease is taken before and passed on after, so that it has an owner who is alive at every moment.
 */
export function ensureDeliverer(home: Home, env: Environment, program: DelivererProgram): void {
  const own: LeaseRecord = {
    owner: currentOwner(),
    version: program.version,
    deliveryHash: program.deliveryHash,
  };
  const lease = readLease(home.lease);
  if (lease.kind === "held") {
    // Asked before the other process is started: of commands that race, one starts it.
    if (!mayAskHandover(own, lease.record) || !askHandover(home.lease, own)) return;
    const pid = start(home, env, program, 0);
    if (pid === undefined) clearHandover(home.lease);
    else passHandover(home.lease, { ...own, owner: currentOwner(pid) });
    return;
  }
  // Just let go for somebody who waits, takes it within milliseconds, and would soon ask us for it.
  if (readHandover(home.lease) !== undefined) return;
  const generation = takeLease(home.lease, own);
  if (generation === undefined) return;
  const pid = start(home, env, program, generation);
  if (pid === undefined) releaseLease(home.lease, generation);
  else passLease(home.lease, generation, { ...own, owner: currentOwner(pid) });
}

function start(
  home: Home,
  env: Environment,
  program: DelivererProgram,
  generation: number,
): number | undefined {
  // Where it is refused the facts are safe, and the next command tries again.
  return startDetached(program.path, home.data, {
    ...env,
    [LEASE_VARIABLE]: String(generation),
    [OWNER_VARIABLE]: program.for === undefined ? undefined : JSON.stringify(program.for),
  });
}
