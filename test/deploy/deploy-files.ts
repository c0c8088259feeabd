import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { repositoryRoot } from "../support/run-binary.ts";

export interface ComposeService {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, object>>;
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, null>>;
}

export interface PrometheusFile {
  readonly global: { readonly scrape_interval: string; readonly evaluation_interval: string };
  readonly rule_files: readonly string[];
  readonly scrape_configs: readonly {
    readonly job_name: string;
    readonly honor_labels?: boolean;
    readonly static_configs: readonly { readonly targets: readonly string[] }[];
  }[];
}

type Components = Readonly<Record<string, object | null>>;

export interface CollectorFile {
  readonly extensions: Components;
  readonly receivers: Components;
  readonly processors: Components;
  readonly exporters: Components;
  readonly service: {
    readonly extensions: readonly string[];
    readonly pipelines: Readonly<
      Record<string, Readonly<Record<"receivers" | "processors" | "exporters", readonly string[]>>>
    >;
  };
}

export interface DataSourcesFile {
  readonly datasources: readonly {
    readonly uid: string;
    readonly type: string;
    readonly url: string;
    readonly jsonData?: Readonly<Record<string, unknown>>;
  }[];
}

export interface DashboardProvidersFile {
  readonly providers: readonly { readonly options: { readonly path: string } }[];
}

/** What a YAML file below `deploy` says. */
export function readDeployFile<File>(path: string): File {
  return parse(readFileSync(join(repositoryRoot, "deploy", path), "utf8")) as File;
}

/** The part of a mount before and behind its colon. */
export function mountOf(volume: string): { readonly source: string; readonly target: string } {
  const [source = "", target = ""] = volume.split(":");
  return { source, target };
}

/** Every `host:port` in the texts of a parsed file, such as `tempo:4317`. */
export function addressesIn(value: unknown): readonly string[] {
  if (typeof value === "string") return value.match(/\b[a-z][a-z-]*:\d{4,5}\b/g) ?? [];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(addressesIn);
}

export interface AlertmanagerFile {
  readonly route: object;
  readonly inhibit_rules: readonly object[];
  readonly receivers: readonly { readonly name: string }[];
}
