import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

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

function isInPath(name: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
