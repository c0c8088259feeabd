import { err, ok, type Result } from "../core/result.ts";
import { askGrafana, type Grafana, type GrafanaProblem } from "./grafana-http.ts";

/**
 * Grafana's HTTP API for dashboards and folders, in the form that all versions since 9 have
 * (https://grafana.com/docs/grafana/latest/developers/http_api/dashboard/).
 */

/** A dashboard as JSON; `uid` and `title` are always there. */
export interface GrafanaDashboard {
  readonly uid: string;
  readonly title: string;
  readonly [field: string]: unknown;
}

/** One that Grafana keeps. */
export interface StoredDashboard {
  readonly dashboard: Readonly<Record<string, unknown>>;
  /** Undefined at the top. */
  readonly folderUid: string | undefined;
}

export interface GrafanaFolder {
  readonly uid: string;
  readonly title: string;
}

const nonsense = { status: "unavailable", reason: "invalid_response" } as const;

/** Whether a Grafana answers there; `undefined` is a version that it does not tell, as some are set to. */
export async function probeGrafana(
  grafana: Grafana,
  signal: AbortSignal,
): Promise<Result<string | undefined, GrafanaProblem>> {
  const answer = await askGrafana(grafana, { path: "/api/health" }, signal);
  if (!answer.ok) return answer;
  const { database, version } = record(answer.value);
  if (typeof database !== "string") return err(nonsense);
  return ok(typeof version === "string" ? version : undefined);
}

/** The dashboard of this uid, undefined when there is none. */
export async function getDashboard(
  grafana: Grafana,
  uid: string,
  signal: AbortSignal,
): Promise<Result<StoredDashboard | undefined, GrafanaProblem>> {
  const path = `/api/dashboards/uid/${encodeURIComponent(uid)}`;
  const answer = await askGrafana(grafana, { path }, signal);
  if (!answer.ok) return answer.error.reason === "http_404" ? ok(undefined) : answer;
  const { dashboard, meta } = record(answer.value);
  const { folderUid } = record(meta);
  if (typeof dashboard !== "object" || dashboard === null) return err(nonsense);
  const isInFolder = typeof folderUid === "string" && folderUid !== "";
  return ok({ dashboard: record(dashboard), folderUid: isInFolder ? folderUid : undefined });
}

/** Creates the dashboard, or takes the place of the one with its uid. */
export async function saveDashboard(
  grafana: Grafana,
  dashboard: GrafanaDashboard,
  { folderUid, message }: { readonly folderUid: string | undefined; readonly message: string },
  signal: AbortSignal,
): Promise<Result<undefined, GrafanaProblem>> {
  const body = {
    // Its number and version are Grafana's to give.
    dashboard: { ...dashboard, id: null, version: undefined },
    ...(folderUid === undefined ? {} : { folderUid }),
    message,
    overwrite: true,
  };
  const answer = await askGrafana(grafana, { method: "POST", path: "/api/dashboards/db", body }, signal);
  if (!answer.ok) return answer;
  return record(answer.value).uid === dashboard.uid ? ok(undefined) : err(nonsense);
}

/** More than anybody has at the top. */
const MOST_FOLDERS = 1000;

/** The folder of this title at the top; undefined when there is none. */
export async function findFolder(
  grafana: Grafana,
  title: string,
  signal: AbortSignal,
): Promise<Result<GrafanaFolder | undefined, GrafanaProblem>> {
  const answer = await askGrafana(grafana, { path: `/api/folders?limit=${MOST_FOLDERS}` }, signal);
  if (!answer.ok) return answer;
  if (!Array.isArray(answer.value)) return err(nonsense);
  const folders = answer.value.map(record);
  const uid = folders.find((folder) => folder.title === title)?.uid;
  return ok(typeof uid === "string" ? { uid, title } : undefined);
}

export async function createFolder(
  grafana: Grafana,
  folder: GrafanaFolder,
  signal: AbortSignal,
): Promise<Result<undefined, GrafanaProblem>> {
  const answer = await askGrafana(grafana, { method: "POST", path: "/api/folders", body: folder }, signal);
  return answer.ok ? ok(undefined) : answer;
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
