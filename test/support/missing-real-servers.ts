import { isInPath } from "./is-in-path.ts";

const REAL_SERVERS = [
  "prometheus-pushgateway",
  "prometheus",
  "promtool",
  "prometheus-alertmanager",
  "amtool",
] as const;

/** The servers' executables that are not found in PATH. */
export function missingRealServers(): readonly string[] {
  return REAL_SERVERS.filter((name) => !isInPath(name));
}
