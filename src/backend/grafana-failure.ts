import { formatDuration } from "../core/duration.ts";
import type { Failure } from "../core/errors.ts";
import type { GrafanaProblem } from "./grafana-http.ts";

/**
 * Why Grafana did not do what it was asked, for people. Reasons: `grafana-token`, `grafana-rights`, `grafana-conflict`,
 * `grafana-refused`, `no-grafana`, `grafana-busy`, and `grafana-unreachable` for all else that may pass.
 *
 * @param what was to be done, such as `write the dashboard "x"`.
 */
export function grafanaFailure(problem: GrafanaProblem, what: string): Failure {
  const { reason, said } = problem;
  const http = /^http_(\d+)$/.exec(reason)?.[1];
  const status = http === undefined ? reason.replaceAll("_", " ") : `HTTP ${http}`;
  const why = said === undefined ? status : `${status}: ${said}`;
  switch (http) {
    case "401":
      return {
        reason: "grafana-token",
        message: `Grafana does not know who asks it to ${what} (${why}).`,
        hint: "Give the token of a service account, as GRAFANA_TOKEN or with --token-file.",
      };
    case "403":
      return {
        reason: "grafana-rights",
        message: `The token has no right to ${what} (${why}).`,
        hint: "Its service account needs the role Editor, and the rights to the folder.",
      };
    case "409":
    case "412":
      return {
        reason: "grafana-conflict",
        message: `Something in Grafana is in the way to ${what} (${why}).`,
        hint: "Look for a dashboard or folder of that name in Grafana, and rename or remove it.",
      };
    case "400":
    case "413":
    case "422":
      return {
        reason: "grafana-refused",
        message: `Grafana refused to ${what} (${why}).`,
        hint: "What is provisioned from files can only be changed there.",
      };
    case "404":
      return noGrafana(why);
    case "429":
      return {
        reason: "grafana-busy",
        message: `Grafana has had enough of requests (${why}).`,
        hint: `Try again ${waitOf(problem)}.`,
      };
  }
  if (reason === "invalid_response") return noGrafana("a web page, or nothing that makes sense");
  if (http?.startsWith("3") === true) return noGrafana(`${why}: it sends elsewhere`);
  return {
    reason: "grafana-unreachable",
    message: `Grafana did not ${what} (${why}).`,
    hint: "Check the address and the network, and try again: what is written already stays as it is.",
  };
}

function noGrafana(why: string): Failure {
  return {
    reason: "no-grafana",
    message: `What answers there is no Grafana (${why}).`,
    hint: "Give the address that Grafana itself has, with its path if it has one; a proxy with a login of its own is in the way.",
  };
}

function waitOf(problem: GrafanaProblem): string {
  const waitMs = problem.status === "unavailable" ? problem.retryAfterMs : undefined;
  return waitMs === undefined ? "later" : `in ${formatDuration(waitMs)}`;
}
