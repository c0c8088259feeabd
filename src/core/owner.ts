import fs from "node:fs";

/** Which process: enough to tell, later and for certain, that it is gone. */
export interface Owner {
  readonly host: string;
  /** Changes with every boot, then `/` and what tells pid namespaces apart; empty where the system does not tell. */
  readonly boot: string;
  readonly pid: number;
  /** Start time of the process in the system's own unit, since pids are used again; empty where unknown. */
  readonly start: string;
}

export function currentOwner(pid: number = process.pid): Owner {
  return { host: hostName(), boot: bootId(), pid, start: startTime(pid) ?? "" };
}

/**
 * True only when the process cannot be alive any more: another boot of the same host, or no process of that
 * pid and start time. A stopped process, or one on another host, is not provably dead.
 */
export function isProvablyDead(owner: Owner): boolean {
  if (owner.host !== hostName()) return false;
  const [ownBoot = "", ownPids] = bootId().split("/");
  const [boot = "", pids] = owner.boot.split("/");
  if (boot !== "" && ownBoot !== "" && boot !== ownBoot) return true;
  // In a sandbox or a container of the same name its pid is another one here.
  if (pids !== ownPids && boot !== "") return false;
  const start = startTime(owner.pid);
  if (start === ZOMBIE) return true;
  if (start !== undefined) return owner.start !== "" && owner.start !== start;
  try {
    process.kill(owner.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/** Another host or container: whether it is alive cannot be told from here. */
export function isElsewhere(owner: Owner): boolean {
  return (
    owner.host !== hostName() || (owner.boot !== "" && owner.boot.split("/")[1] !== bootId().split("/")[1])
  );
}

let host: string | undefined;

/** `node:os` is loaded only where the kernel does not tell by file. */
export function hostName(): string {
  host ??= readText("/proc/sys/kernel/hostname") ?? process.getBuiltinModule("node:os").hostname();
  return host;
}

let boot: string | undefined;

function bootId(): string {
  boot ??= `${readText("/proc/sys/kernel/random/boot_id") ?? ""}${pidNamespace()}`;
  return boot;
}

function pidNamespace(): string {
  try {
    // `pid:[4026531836]`
    return `/${fs.readlinkSync("/proc/self/ns/pid").slice("pid:[".length, -1)}`;
  } catch {
    return "";
  }
}

const ZOMBIE = "zombie";

/** Field 22 of /proc/<pid>/stat; the command name before it may hold spaces and brackets. */
function startTime(pid: number): string | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? ZOMBIE : fields[19];
}

function readText(path: string): string | undefined {
  try {
    return fs.readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}
