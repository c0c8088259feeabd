import type { Capture } from "../core/capture.ts";
import { LONGEST_TIMER_MS, parseDuration } from "../core/duration.ts";
import { type Environment, envFlag, envValue } from "../core/environment.ts";
import type { Failure } from "../core/errors.ts";
import { parsePatterns } from "../core/own-patterns.ts";
import { type ApplySettings, applySettings, splitWords } from "./apply-settings.ts";
import { checkSetting, parseSize } from "./check-setting.ts";
import { lookUp, readConfigFile } from "./config-file.ts";
import { deliveryHash } from "./delivery-hash.ts";
import { type SettingKey, type SettingName, settingKeys } from "./keys.ts";

export type SettingSource = "environment" | "project" | "user" | "default" | "unset";

export interface ResolvedSetting {
  readonly key: SettingKey;
  readonly value: string | undefined;
  readonly source: SettingSource;
}

export interface Settings {
  readonly deliveryMode: "background" | "foreground" | "off";
  readonly deliveryTimeoutMs: number;
  readonly lingerMs: number;
  readonly pushgateway: PushgatewaySettings | undefined;
  readonly otlp: {
    readonly endpoint: string | undefined;
    readonly protocol: string | undefined;
    readonly headers: string | undefined;
  };
  /** Undefined unless both keys are set. */
  readonly langfuse: LangfuseSettings | undefined;
  /** The agent CLI's words; empty when none is configured. */
  readonly agentCommand: readonly string[];
  readonly llm: {
    readonly model: string | undefined;
    readonly baseUrl: string | undefined;
    readonly apiKey: string | undefined;
  };
  readonly capture: Capture;
  /** What is masked besides secrets. */
  readonly masking: { readonly personal: boolean; readonly patterns: readonly RegExp[] };
  /** False when the user's word on `capture` or `masking` cannot be read: nothing of a text may be kept then. */
  readonly isPrivacyKnown: boolean;
  readonly idleTimeoutMs: number;
  /** What becomes of a switch in the agent tools; the hot path asks no more than `isOn` and `isUnset`. */
  readonly apply: ApplySettings;
  readonly retention: { readonly ageMs: number; readonly sizeBytes: number };
  /** At this size the journal begins a new segment. */
  readonly segmentBytes: number;
  /** True when some sink is switched on, whether or not its values are good. */
  readonly anySink: boolean;
  /** Values that are no good, and are passed over for the next source. */
  readonly problems: readonly Failure[];
  readonly resolved: readonly ResolvedSetting[];
  /** Tells two deliverers apart that would deliver elsewhere or otherwise. */
  readonly deliveryHash: () => string;
}

export interface PushgatewaySettings {
  readonly url: string;
  readonly scrapeIntervalMs: number;
  readonly instance: string | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

export interface LangfuseSettings {
  readonly publicKey: string;
  readonly secretKey: string;
  readonly host: string;
  readonly environment: string;
  readonly ingestion: "otlp" | "legacy";
  readonly release: string | undefined;
}

/** What a project's file says, by the settings' keys, and what is wrong in it. */
export interface ProjectValues {
  readonly file: string;
  readonly values: ReadonlyMap<string, string>;
  readonly problems: readonly Failure[];
}

/**
 * The settings in force: environment over the project's file over the user's file over defaults. A project's file
 * never names a sink, so a cloned repository cannot send anything anywhere. Reads the user's file with `node:fs`
 * alone, for the hot commands; `conf` writes it.
 *
 * @param project where it is trusted; nothing in it matters to a hot command.
 */
export function readSettings(configFile: string, env: Environment, project?: ProjectValues): Settings {
  const problems: Failure[] = project === undefined ? [] : [...project.problems];
  const file = readConfigFile(configFile, problems);
  const mode = envFlag(env, "CI") ? "foreground" : "background";
  const resolved = settingKeys.map((key) =>
    resolveSetting(
      key,
      key.key === "delivery.mode" ? mode : defaultOf(key),
      env,
      { file, configFile, project },
      problems,
    ),
  );
  const value = (name: SettingName) => resolved.find((one) => one.key.key === name)?.value;
  const ms = (name: SettingName) => parseDuration(value(name) ?? "") ?? 0;
  const timerMs = (name: SettingName) => Math.min(ms(name), LONGEST_TIMER_MS);
  const bytes = (name: SettingName) => parseSize(value(name) ?? "") ?? 0;
  const url = value("pushgateway.url");
  const sdkDisabled = envValue(env, "OTEL_SDK_DISABLED")?.toLowerCase() === "true";
  const tracesOff = envValue(env, "OTEL_TRACES_EXPORTER")?.trim() === "none";
  const otlpOn =
    !sdkDisabled &&
    !tracesOff &&
    (envValue(env, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") ??
      envValue(env, "OTEL_EXPORTER_OTLP_ENDPOINT") ??
      value("otlp.endpoint")) !== undefined;
  const publicKey = value("langfuse.publicKey");
  const secretKey = value("langfuse.secretKey");
  const langfuseOn = publicKey !== undefined && secretKey !== undefined;
  // What a hot command does not ask for is not read: it has a few milliseconds for everything.
  return {
    deliveryMode: value("delivery.mode") as Settings["deliveryMode"],
    get deliveryTimeoutMs() {
      return timerMs("delivery.timeout");
    },
    get lingerMs() {
      return timerMs("delivery.linger");
    },
    pushgateway:
      url === undefined
        ? undefined
        : {
            url,
            scrapeIntervalMs: ms("pushgateway.scrapeInterval"),
            instance: value("pushgateway.instance"),
            username: value("pushgateway.username"),
            password: value("pushgateway.password"),
          },
    get otlp() {
      const protocol = resolved.find((one) => one.key.key === "otlp.protocol" && one.source === "user");
      return {
        endpoint: value("otlp.endpoint"),
        protocol: protocol?.value,
        headers: value("otlp.headers"),
      };
    },
    get langfuse(): LangfuseSettings | undefined {
      if (publicKey === undefined || secretKey === undefined) return undefined;
      return {
        publicKey,
        secretKey,
        host: value("langfuse.host") ?? "",
        environment: value("langfuse.environment") ?? "",
        ingestion: value("langfuse.ingestion") === "legacy" ? "legacy" : "otlp",
        release: value("langfuse.release"),
      };
    },
    get agentCommand() {
      return splitWords(value("agent.command") ?? "");
    },
    get llm() {
      return {
        model: value("llm.model"),
        baseUrl: value("llm.baseUrl"),
        apiKey: value("llm.apiKey"),
      };
    },
    get capture() {
      return value("capture") as Capture;
    },
    get masking() {
      const patterns = parsePatterns(value("masking.patterns") ?? "");
      return {
        personal: value("masking.personal") === "on",
        patterns: patterns.ok ? patterns.value : [],
      };
    },
    get isPrivacyKnown() {
      const isBroken = problems.some(({ reason }) => reason === "broken-config");
      const passedOver = resolved.some(
        ({ key, source }) =>
          /^(?:capture$|masking\.)/.test(key.key) &&
          source !== "user" &&
          source !== "project" &&
          lookUp(file, key.key) !== undefined,
      );
      return !isBroken && !passedOver;
    },
    get idleTimeoutMs() {
      return ms("session.idleTimeout");
    },
    get apply() {
      return applySettings(value, timerMs("apply.hookTimeout"));
    },
    get retention() {
      return { ageMs: ms("retention.age"), sizeBytes: bytes("retention.size") };
    },
    get segmentBytes() {
      return bytes("retention.segmentSize");
    },
    anySink: url !== undefined || otlpOn || langfuseOn,
    problems,
    resolved,
    deliveryHash: () => deliveryHash(resolved, env),
  };
}

const defaultOf = (key: SettingKey) => key.default;

function resolveSetting(
  key: SettingKey,
  byDefault: string | undefined,
  env: Environment,
  {
    file,
    configFile,
    project,
  }: {
    readonly file: Readonly<Record<string, unknown>>;
    readonly configFile: string;
    readonly project: ProjectValues | undefined;
  },
  problems: Failure[],
): ResolvedSetting {
  const variable = variableOf(key, env);
  const fromEnv = variable === undefined ? undefined : envValue(env, variable);
  const fromFile = lookUp(file, key.key);
  const fromProject = project?.values.get(key.key);
  if (fromEnv === undefined && fromFile === undefined && fromProject === undefined) {
    return { key, value: byDefault, source: byDefault === undefined ? "unset" : "default" };
  }
  for (const [source, where, candidate] of [
    ["environment", variable, fromEnv],
    ["project", project?.file, key.kind.is === "patterns" ? together(fromProject, fromFile) : fromProject],
    ["user", configFile, fromFile],
  ] as const) {
    if (candidate === undefined) continue;
    const checked = checkSetting(key, candidate);
    if (checked.ok) return { key, value: checked.value, source };
    problems.push({ ...checked.error, message: `${where}: ${checked.error.message}` });
  }
  return { key, value: byDefault, source: byDefault === undefined ? "unset" : "default" };
}

/** A project adds to what the user has masked, and takes nothing away. */
function together(project: string | undefined, user: string | undefined): string | undefined {
  return project === undefined || user === undefined ? project : `${project} ${user}`;
}

/** The variable that holds a setting: its own name, or its alias where only that one is set. */
export function variableOf({ env: name, envAlias }: SettingKey, env: Environment): string | undefined {
  if (envAlias === undefined) return name;
  return name !== undefined && envValue(env, name) !== undefined ? name : envAlias;
}
