import type { Answer, Behaviour, BehaviourPerRequest, FaultyServer, ReceivedRequest } from "./behaviour.ts";
import { startFaultyServer } from "./faulty-server.ts";

interface Kept {
  readonly dashboard: Readonly<Record<string, unknown>> & { readonly version: number };
  readonly folderUid: string;
  readonly message: string;
}

export interface FakeGrafana extends FaultyServer {
  readonly token: string;
  /** By uid. */
  readonly dashboards: ReadonlyMap<string, Kept>;
  /** Title by uid. */
  readonly folders: Map<string, string>;
  /** Written so far, refused ones left out. */
  writes(): number;
  /** From now on its answer to a write of this dashboard is that it is provisioned. */
  provision(uid: string): void;
  /** From now on the token may only read. */
  takeRights(): void;
  /** Somebody changes a dashboard in the browser. */
  edit(uid: string, change: object): void;
}

export interface FakeGrafanaOptions {
  readonly behaviour?: Behaviour | BehaviourPerRequest;
  /** Where it lies behind a proxy, such as `/grafana`. */
  readonly prefix?: string;
}

/**
 * Starts a double of Grafana's API for dashboards and folders: tokens, uids, versions that count up, and 412 for what
 * is in the way (https://grafana.com/docs/grafana/latest/developers/http_api/dashboard/).
 */
export async function startFakeGrafana({
  behaviour,
  prefix = "",
}: FakeGrafanaOptions = {}): Promise<FakeGrafana> {
  const token = "glsa_0123456789abcdef_fake";
  const dashboards = new Map<string, Kept>();
  const folders = new Map<string, string>();
  const provisioned = new Set<string>();
  let writes = 0;
  let canWrite = true;

  const server = await startFaultyServer({
    handler: answer,
    ...(behaviour === undefined ? {} : { behaviour }),
  });

  function answer(request: ReceivedRequest): Answer {
    const path = request.path.split("?")[0] ?? "";
    if (!path.startsWith(`${prefix}/api/`)) return page(404);
    const api = path.slice(prefix.length);
    if (api === "/api/health") return json(200, { database: "ok", version: "13.2.3", commit: "0" });
    if (request.headers.authorization !== `Bearer ${token}`) return json(401, { message: "Invalid API key" });
    const uid = /^\/api\/dashboards\/uid\/([^/]+)$/.exec(api)?.[1];
    if (request.method === "GET" && uid !== undefined) return show(decodeURIComponent(uid));
    if (request.method === "GET" && api === "/api/folders") return json(200, listFolders());
    if (request.method !== "POST") return json(404, { message: "Not found" });
    if (!canWrite)
      return json(403, { message: "You'll need additional permissions to perform this action." });
    const body = JSON.parse(request.body.toString()) as Record<string, unknown>;
    if (api === "/api/folders") return makeFolder(body);
    return api === "/api/dashboards/db" ? save(body) : json(404, { message: "Not found" });
  }

  function show(uid: string): Answer {
    const kept = dashboards.get(uid);
    if (kept === undefined) return json(404, { message: "Dashboard not found", traceID: "" });
    return json(200, {
      meta: { folderUid: kept.folderUid, version: kept.dashboard.version },
      dashboard: kept.dashboard,
    });
  }

  const listFolders = () => [...folders].map(([uid, title], index) => ({ id: index + 1, uid, title }));

  function makeFolder({ uid, title }: Record<string, unknown>): Answer {
    if (typeof uid !== "string" || uid.length > 40)
      return json(400, { message: "uid too long, max 40 characters" });
    if (folders.has(uid)) return json(412, { message: "The folder has been changed by someone else" });
    folders.set(uid, String(title));
    writes += 1;
    return json(200, { uid, title });
  }

  function save(body: Record<string, unknown>): Answer {
    const {
      dashboard,
      folderUid = "",
      message,
      overwrite,
    } = body as {
      readonly dashboard: Record<string, unknown>;
      readonly folderUid?: string;
      readonly message?: string;
      readonly overwrite?: boolean;
    };
    const { uid, title, id } = dashboard;
    if (typeof uid !== "string" || typeof title !== "string")
      return json(400, { message: "Dashboard title cannot be empty" });
    if (id !== null && id !== undefined)
      return json(404, { message: "Dashboard not found", status: "not-found" });
    if (folderUid !== "" && !folders.has(folderUid)) return json(400, { message: "folder not found" });
    if (provisioned.has(uid)) return json(400, { message: "Cannot save provisioned dashboard" });
    const before = dashboards.get(uid);
    if (before !== undefined && overwrite !== true) {
      return json(412, {
        status: "version-mismatch",
        message: "The dashboard has been changed by someone else",
      });
    }
    const version = (before?.dashboard.version ?? 0) + 1;
    const number = before?.dashboard.id ?? dashboards.size + 1;
    dashboards.set(uid, {
      // It adds what it has a default for.
      dashboard: { preload: false, ...dashboard, id: number, version },
      folderUid,
      message: message ?? "",
    });
    writes += 1;
    return json(200, { id: number, uid, status: "success", version, url: `/d/${uid}` });
  }

  return {
    ...server,
    token,
    dashboards,
    folders,
    writes: () => writes,
    provision: (uid) => provisioned.add(uid),
    takeRights() {
      canWrite = false;
    },
    edit(uid, change) {
      const kept = dashboards.get(uid);
      if (kept === undefined) throw new Error(`there is no ${uid}`);
      const version = kept.dashboard.version + 1;
      dashboards.set(uid, { ...kept, dashboard: { ...kept.dashboard, ...change, version } });
    },
  };
}

const json = (status: number, body: object): Answer => ({
  status,
  headers: { "content-type": "application/json; charset=UTF-8" },
  body: JSON.stringify(body),
});

const page = (status: number): Answer => ({
  status,
  headers: { "content-type": "text/html" },
  body: "<!doctype html><title>Sign in</title>",
});
