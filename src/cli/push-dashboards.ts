import {
  createFolder,
  findFolder,
  type GrafanaDashboard,
  getDashboard,
  probeGrafana,
  type StoredDashboard,
  saveDashboard,
} from "../backend/grafana.ts";
import { grafanaFailure } from "../backend/grafana-failure.ts";
import { type Grafana, type GrafanaProblem, grafanaUrl } from "../backend/grafana-http.ts";
import { envValue } from "../core/environment.ts";
import { ExitCode, UserError } from "../core/errors.ts";
import { hashText } from "../core/hash.ts";
import type { Result } from "../core/result.ts";
import { withoutUserinfo } from "../core/url.ts";
import { type Command, type Invocation, optionText } from "./command.ts";
import type { CliContext } from "./context.ts";
import type { DashboardsPushJson } from "./dashboard-shapes.ts";
import { printable, quote } from "./printable.ts";
import { readTextFile } from "./read-text.ts";
import { shippedDashboards } from "./shipped-dashboards.ts";

/** For one request. */
const GRAFANA_TIMEOUT_MS = 15_000;

/** Longer uids are refused. */
const MAX_UID_LENGTH = 40;

export const pushCommand: Command = {
  name: "push",
  summary: "Write the dashboards to a Grafana through its API",
  description:
    "Each has a fixed uid: what is there under it is replaced, and only where it differs. Without --folder a " +
    "dashboard stays in the folder that it is in. The token is that of a service account with the role Editor, in " +
    "GRAFANA_TOKEN or a file; it is never an argument, which others on the machine could read.",
  options: [
    { flags: "--grafana <url>", doc: "address of the Grafana, with its path if it has one" },
    { flags: "--token-file <file>", doc: "holds the token; else GRAFANA_TOKEN does" },
    { flags: "--folder <title>", doc: "put them into this folder; made if it is not there" },
  ],
  examples: [
    { command: "tta-persona dashboards push --grafana http://127.0.0.1:3000", doc: "token in GRAFANA_TOKEN" },
    {
      command:
        'tta-persona dashboards push --grafana https://example.com/grafana --token-file ~/.grafana-token --folder "AI personas"',
      doc: "again after each update: what is the same is not written",
    },
  ],
  exitCodes: {
    1: "Grafana cannot be reached, or is busy",
    2: "no right, no Grafana at that address, a conflict there, or wrong usage",
  },
  json: "tta-persona/dashboards-push/1",
  run: pushDashboards,
};

async function pushDashboards(invocation: Invocation, ctx: CliContext): Promise<number> {
  const grafana = grafanaOf(invocation, ctx);
  const version = answered(await probeGrafana(grafana, soon()), "say how it is");
  const title = optionText(invocation, "folder");
  const folder = title === undefined ? null : await openFolder(grafana, title);
  const dashboards: DashboardsPushJson["dashboards"] = [];
  for (const { dashboard } of shippedDashboards(ctx)) {
    const outcome = await push(grafana, dashboard, folder?.uid, `tta-persona ${ctx.version}`);
    dashboards.push({ uid: dashboard.uid, title: dashboard.title, outcome });
  }
  const document: DashboardsPushJson = {
    schema: "tta-persona/dashboards-push/1",
    grafana: grafanaUrl(grafana, "/"),
    version: version ?? null,
    folder,
    dashboards,
  };
  const verbs = { created: "Created", updated: "Updated", unchanged: "Already so:" };
  const lines = dashboards.map(
    ({ uid, title, outcome }) =>
      `${verbs[outcome]} ${printable(title)}  ${grafanaUrl(grafana, `/d/${uid}`)}\n`,
  );
  const made = folder?.created === true ? `Created the folder ${quote(folder.title)}\n` : "";
  ctx.output.done(document, made + lines.join(""));
  return ExitCode.done;
}

async function push(
  grafana: Grafana,
  dashboard: GrafanaDashboard,
  folderUid: string | undefined,
  message: string,
): Promise<"created" | "updated" | "unchanged"> {
  const what = `the dashboard ${quote(dashboard.title)}`;
  const before = answered(await getDashboard(grafana, dashboard.uid, soon()), `show ${what}`);
  if (before !== undefined && isSame(before, dashboard, folderUid)) return "unchanged";
  // Where none is asked for it stays where it is; left out, it would be moved to the top.
  const place = { folderUid: folderUid ?? before?.folderUid, message };
  answered(await saveDashboard(grafana, dashboard, place, soon()), `write ${what}`);
  return before === undefined ? "created" : "updated";
}

function isSame(
  before: StoredDashboard,
  dashboard: GrafanaDashboard,
  folderUid: string | undefined,
): boolean {
  if (folderUid !== undefined && before.folderUid !== folderUid) return false;
  const { id: _id, version: _version, ...wanted } = dashboard;
  return holds(before.dashboard, wanted);
}

/** Whether all that is wanted is there. Grafana may add fields with its own defaults to objects, but none to lists. */
function holds(there: unknown, wanted: unknown): boolean {
  if (typeof wanted !== "object" || wanted === null) return there === wanted;
  if (typeof there !== "object" || there === null || Array.isArray(there) !== Array.isArray(wanted))
    return false;
  if (Array.isArray(wanted) && (there as readonly unknown[]).length !== wanted.length) return false;
  return Object.entries(wanted).every(([key, value]) =>
    holds((there as Record<string, unknown>)[key], value),
  );
}

async function openFolder(
  grafana: Grafana,
  title: string,
): Promise<{ readonly uid: string; readonly title: string; readonly created: boolean }> {
  if (title.trim() === "") {
    throw new UserError({
      reason: "invalid-folder",
      message: "A folder's title cannot be empty.",
      hint: 'Name it, such as --folder "AI personas", or leave --folder out.',
    });
  }
  const there = answered(await findFolder(grafana, title, soon()), "list its folders");
  if (there !== undefined) return { ...there, created: false };
  const folder = { uid: folderUid(title), title };
  answered(await createFolder(grafana, folder, soon()), `make the folder ${quote(title)}`);
  return { ...folder, created: true };
}

/** `AI personas` is `ai-personas`, in every Grafana; a hash where nothing of the title can stand in a uid. */
function folderUid(title: string): string {
  const words = title.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const slug = words.join("-").slice(0, MAX_UID_LENGTH).replace(/-$/, "");
  return slug === "" ? `folder-${hashText(title)}` : slug;
}

function grafanaOf(invocation: Invocation, ctx: CliContext): Grafana {
  const url = optionText(invocation, "grafana");
  if (url === undefined || !/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw new UserError({
      reason: url === undefined ? "no-grafana-url" : "invalid-grafana-url",
      message: url === undefined ? "Which Grafana?" : `--grafana cannot be ${quote(withoutUserinfo(url))}.`,
      hint: "Give its address: --grafana http://127.0.0.1:3000",
    });
  }
  return { url, token: tokenOf(invocation, ctx), userAgent: `tta-persona/${ctx.version}` };
}

function tokenOf(invocation: Invocation, { env }: CliContext): string | undefined {
  const file = optionText(invocation, "tokenFile");
  const token = (file === undefined ? envValue(env, "GRAFANA_TOKEN") : readTextFile(file))?.trim();
  if (token === undefined || /^[\x21-\x7e]+$/.test(token)) return token;
  throw new UserError({
    reason: "invalid-token",
    message: `${file === undefined ? "GRAFANA_TOKEN" : quote(file)} holds no token.`,
    hint: "It takes the token of a service account, such as glsa_…, and nothing else.",
  });
}

const soon = () => AbortSignal.timeout(GRAFANA_TIMEOUT_MS);

/** What Grafana answered. @throws UserError: exit code 2 for what can be corrected, 1 for what may pass. */
function answered<Value>(result: Result<Value, GrafanaProblem>, what: string): Value {
  if (result.ok) return result.value;
  const failure = grafanaFailure(result.error, what);
  const isPassing = failure.reason === "grafana-unreachable" || failure.reason === "grafana-busy";
  throw new UserError(failure, isPassing ? ExitCode.failed : ExitCode.usage);
}
