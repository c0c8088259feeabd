import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isInPath } from "../support/is-in-path.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { readWorkflow } from "./support/stage.ts";

/** By series, in promtool's notation: "0+60x40" grows by 60 every 30 seconds. */
type Series = Readonly<Record<string, string>>;

const gates = readWorkflow("incident-response").stages.flatMap((stage) => stage.gates ?? []);

/** Compares what a gate's query gives after ten minutes; undefined: nothing, so that the gate does not pass. */
function expectValue(gate: string, series: Series, value: number | undefined): void {
  const expr = gates.find(({ name }) => name === gate)?.promql?.query;
  expect(expr).toBeDefined();
  const file = join(temporaryDirectory(), "test.json");
  const unit = {
    interval: "30s",
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [
      { expr, eval_time: "10m", exp_samples: value === undefined ? [] : [{ labels: "{}", value }] },
    ],
  };
  // JSON is YAML, too.
  writeFileSync(file, JSON.stringify({ tests: [unit] }));
  execFileSync("promtool", ["test", "rules", file], { encoding: "utf8", stdio: "pipe" });
}

describe.skipIf(!isInPath("promtool"))("the gates of incident-response, asked by the real Prometheus", () => {
  test.each(["error_rate", "latency_p95", "connection_pool"])("%s has no value without data", (gate) => {
    expectValue(gate, {}, undefined);
  });

  test("error_rate is 0 where no error was ever counted", () => {
    expectValue("error_rate", { 'http_requests_total{status="200"}': "0+60x40" }, 0);
  });

  test.each([
    ["http_requests_total", "code"],
    ["http_requests_total", "status"],
    ["http_requests_total", "status_code"],
    ["http_server_request_duration_seconds_count", "http_response_status_code"],
  ])("error_rate reads %s by %s", (name, label) => {
    expectValue(
      "error_rate",
      { [`${name}{${label}="200"}`]: "0+99x40", [`${name}{${label}="503"}`]: "0+1x40" },
      0.01,
    );
  });

  test.each(["http_request_duration_seconds", "http_server_request_duration_seconds"])(
    "latency_p95 reads %s",
    (name) => {
      const bucket = (le: string) => `${name}_bucket{le="${le}"}`;
      expectValue(
        "latency_p95",
        { [bucket("0.5")]: "0+100x40", [bucket("1")]: "0+100x40", [bucket("+Inf")]: "0+100x40" },
        0.475,
      );
    },
  );

  test("connection_pool is that of the fullest pool, and leaves out the unlimited ones", () => {
    expectValue(
      "connection_pool",
      {
        'hikaricp_connections_active{pool="a"}': "7x40",
        'hikaricp_connections_max{pool="a"}': "10x40",
        'go_sql_in_use_connections{db_name="b"}': "9x40",
        'go_sql_max_open_connections{db_name="b"}': "0x40",
        'db_client_connection_count{pool="c",db_client_connection_state="used"}': "3x40",
        'db_client_connection_count{pool="c",db_client_connection_state="idle"}': "6x40",
        'db_client_connection_max{pool="c"}': "10x40",
      },
      0.7,
    );
  });
});
