import { missingRealServers } from "./missing-real-servers.ts";

/** Runs once before all test files: says in one line which suites are going to be left out. */
export default function announceRealServers(): void {
  const missing = missingRealServers();
  if (missing.length === 0) return;
  if (process.env.TTA_PERSONA_REQUIRE_SERVERS === "1") {
    throw new Error(`TTA_PERSONA_REQUIRE_SERVERS=1, but not found in PATH: ${missing.join(", ")}`);
  }
  process.stderr.write(`Left out: tests against real servers, for want of ${missing.join(", ")} in PATH.\n`);
}
