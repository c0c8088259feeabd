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
 * What can be said of a process for certain. Dead: another boot of the same host, or no process of that pid and start
 * time. Alive: one of that pid and start time, be it stopped. Nothing is known on another host or in another
 * container, or of a pid without a start time, which may be somebody else's by now.
 */
export function lifeOf(owner: Owner): "alive" | "dead" | "unknown" {
  if (owner.host !== hostName()) return "unknown";
  const [ownBoot = "", ownPids] = bootId().split("/");
  const [boot = "", pids] = owner.boot.split("/");
  if (boot !== "" && ownBoot !== "" && boot !== ownBoot) return "dead";
  // In a sandbox or a container of the same name its pid is another one here.
  if (pids !== ownPids && boot !== "") return "unknown";
  const start = startTime(owner.pid);
  if (start === ZOMBIE) return "dead";
  if (start !== undefined && owner.start !== "") return owner.start === start ? "alive" : "dead";
  return start !== undefined || hasProcess(owner.pid) ? "unknown" : "dead";
}

function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

export function isProvablyDead(owner: Owner): boolean {
  return lifeOf(owner) === "dead";
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
