/** What identifies a group of metrics on a Pushgateway. */
export interface GroupingKey {
  /** Must not be empty: a Pushgateway refuses that. */
  readonly job: string;
  /** Further labels, `instance` for one. Values may be anything, also empty. */
  readonly labels: Readonly<Record<string, string>>;
}

/** A group as the gateway lists it. */
export interface PushedGroup {
  readonly key: GroupingKey;
  /** Of the last successful push, in seconds since the epoch; absent if there was none. */
  readonly pushTimeSeconds?: number;
}

/**
 * The path below `/metrics` of a group. Every value is in the base64url form: in the plain one `a/b` is
 * refused, `..` means another group and an empty value gets lost in a redirect.
 * Source: https://github.com/prometheus/pushgateway#url, confirmed with Pushgateway 1.5.1.
 */
export function groupPath(key: GroupingKey): string {
  const labels = Object.entries(key.labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return [["job", key.job] as const, ...labels]
    .map(([name, value]) => `/${encodeURIComponent(name)}@base64/${encodeValue(value)}`)
    .join("");
}

function encodeValue(value: string): string {
  // No bytes would leave an empty path segment; a lone padding character decodes to the same.
  return value === "" ? "=" : Buffer.from(value).toString("base64url");
}

/** Reads the body of `GET /api/v1/metrics`; undefined if it is something else. */
export function parsePushedGroups(body: string): readonly PushedGroup[] | undefined {
  const entries = parseJson(body)?.data;
  if (!Array.isArray(entries)) return undefined;
  const groups: PushedGroup[] = [];
  for (const entry of entries as readonly ListedGroup[]) {
    const { job, ...labels } = entry?.labels ?? {};
    if (typeof job !== "string") return undefined;
    const pushTimeSeconds = Number(entry.push_time_seconds?.metrics?.[0]?.value);
    groups.push({ key: { job, labels }, ...(pushTimeSeconds > 0 && { pushTimeSeconds }) });
  }
  return groups;
}

interface ListedGroup {
  readonly labels?: Readonly<Record<string, string>>;
  readonly push_time_seconds?: { readonly metrics?: readonly { readonly value?: string }[] };
}

function parseJson(text: string): { readonly data?: unknown } | undefined {
  try {
    return JSON.parse(text) ?? undefined;
  } catch {
    return undefined;
  }
}
