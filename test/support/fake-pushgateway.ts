import type { Answer, Behaviour, BehaviourPerRequest, FaultyServer, ReceivedRequest } from "./behaviour.ts";
import { type ExpositionFamily, type ExpositionSample, parseExposition, seriesKey } from "./exposition.ts";
import { startFaultyServer } from "./faulty-server.ts";

export interface FakePushgatewayOptions {
  readonly behaviour?: Behaviour | BehaviourPerRequest;
  readonly port?: number;
  /** When given, requests without this basic authentication are answered 401. */
  readonly credentials?: { readonly username: string; readonly password: string };
}

interface PushGroup {
  /** The grouping key, `job` included. */
  readonly key: Readonly<Record<string, string>>;
  readonly families: ReadonlyMap<string, ExpositionFamily>;
}

export interface FakePushgateway extends FaultyServer {
  groups(): readonly PushGroup[];
  /** All samples held now, with the grouping key among their labels. */
  samples(): readonly ExpositionSample[];
  /** The sum over the held series of this name whose labels include the given ones; undefined without any. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
  /** Each value ever accepted, oldest first, by series (see `seriesKey`; grouping key included). */
  history(): ReadonlyMap<string, readonly number[]>;
  /** Every time a counter (or a part of a histogram) was pushed lower than before: what must never happen. */
  decreases(): readonly { readonly series: string; readonly from: number; readonly to: number }[];
}

/**
 * Starts a double of the Pushgateway (1.5): PUT replaces a group, POST the families of the same names, DELETE
 * removes the group; 400 for malformed text, timestamps and clashing types. Values are remembered over time.
 */
export async function startFakePushgateway(options: FakePushgatewayOptions = {}): Promise<FakePushgateway> {
  const groups = new Map<string, PushGroup>();
  const history = new Map<string, number[]>();
  const decreases: { series: string; from: number; to: number }[] = [];
  const server = await startFaultyServer({
    ...(options.behaviour !== undefined && { behaviour: options.behaviour }),
    ...(options.port !== undefined && { port: options.port }),
    handler: (request) => {
      if (!isAuthorized(request)) return { status: 401 };
      const path = request.path.split("?")[0] ?? "";
      if (path === "/-/ready" || path === "/-/healthy") return { status: 200, body: "OK" };
      if (path === "/metrics" && request.method === "GET") return { status: 200, body: render(samples()) };
      try {
        return change(request, path);
      } catch (error) {
        return { status: 400, body: error instanceof Error ? error.message : String(error) };
      }
    },
  });

  function isAuthorized(request: ReceivedRequest): boolean {
    if (options.credentials === undefined) return true;
    const { username, password } = options.credentials;
    const expected = Buffer.from(`${username}:${password}`).toString("base64");
    return request.headers.authorization === `Basic ${expected}`;
  }

  function change(request: ReceivedRequest, path: string): Answer {
    const key = groupingKey(path);
    if (key === undefined) return { status: 404 };
    const name = seriesKey("", key);
    switch (request.method) {
      case "DELETE":
        groups.delete(name);
        return { status: 202 };
      case "PUT":
      case "POST": {
        const pushed = parseExposition(request.body.toString("utf8"));
        refuseClashingTypes(pushed, name);
        const kept = request.method === "POST" ? (groups.get(name)?.families ?? []) : [];
        groups.set(name, { key, families: new Map([...kept, ...pushed.map((f) => [f.name, f] as const)]) });
        remember(pushed, key);
        return { status: 200 };
      }
      default:
        return { status: 405 };
    }
  }

  function refuseClashingTypes(pushed: readonly ExpositionFamily[], ownName: string) {
    for (const [name, group] of groups) {
      if (name === ownName) continue;
      for (const { name: family, type } of pushed) {
        const other = group.families.get(family)?.type ?? type;
        if (other !== type) throw new Error(`pushed metrics are inconsistent: ${family} is a ${other}`);
      }
    }
  }

  function remember(pushed: readonly ExpositionFamily[], key: PushGroup["key"]) {
    for (const { type, samples } of pushed) {
      for (const { name, labels, value } of samples) {
        const series = seriesKey(name, { ...labels, ...key });
        const values = history.get(series) ?? [];
        const before = values.at(-1);
        const onlyGrows = type === "counter" || type === "histogram";
        if (onlyGrows && before !== undefined && value < before)
          decreases.push({ series, from: before, to: value });
        values.push(value);
        history.set(series, values);
      }
    }
  }

  function samples(): ExpositionSample[] {
    return [...groups.values()].flatMap(({ key, families }) =>
      [...families.values()].flatMap((family) =>
        family.samples.map((sample) => ({ ...sample, labels: { ...sample.labels, ...key } })),
      ),
    );
  }

  return {
    ...server,
    groups: () => [...groups.values()],
    samples,
    value(name, labels = {}) {
      const matching = samples().filter(
        (sample) =>
          sample.name === name &&
          Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
      );
      return matching.length === 0 ? undefined : matching.reduce((sum, { value }) => sum + value, 0);
    },
    history: () => history,
    decreases: () => decreases,
  };
}

/** The labels of `/metrics/job/<job>{/<label>/<value>}`, each value plain or as `<label>@base64/<base64url>`. */
function groupingKey(path: string): Record<string, string> | undefined {
  const [empty, metrics, ...parts] = path.split("/");
  if (empty !== "" || metrics !== "metrics" || !/^job(@base64)?$/.test(parts[0] ?? "")) return undefined;
  if (parts.length % 2 !== 0) throw new Error("odd number of components in label string");
  const key: Record<string, string> = {};
  for (let index = 0; index < parts.length; index += 2) {
    const [label = "", encoding] = (parts[index] ?? "").split("@");
    const text = parts[index + 1] ?? "";
    if (text === "") throw new Error(`empty value of ${label}`);
    key[label] =
      encoding === "base64" ? Buffer.from(text, "base64url").toString("utf8") : decodeURIComponent(text);
  }
  if (key.job === "") throw new Error("job name is required");
  return key;
}

function render(samples: readonly ExpositionSample[]): string {
  return samples.map(({ name, labels, value }) => `${seriesKey(name, labels)} ${value}\n`).join("");
}
