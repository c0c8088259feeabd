import type { Environment } from "../core/environment.ts";
import type { MaskerOptions } from "../core/mask.ts";
import { secretValuesOf } from "../core/secret-values.ts";
import type { CliContext } from "./context.ts";

type Known = Pick<CliContext, "env" | "settings">;

/** What must not be seen anywhere, by the caller's variables and settings. */
export function secretsOfUser({ env, settings }: Known): readonly string[] {
  const named: readonly Environment[] = [
    env,
    Object.fromEntries(settings.resolved.map(({ key, value }) => [key.key, value])),
    headersOf(settings.otlp.headers ?? ""),
    ...Object.entries(env).map(([name, value = ""]) => (OTLP_HEADERS.test(name) ? headersOf(value) : {})),
    ...settings.agentCommand.map(flagOf),
  ];
  return [...new Set(named.flatMap(secretValuesOf))];
}

/** What is masked for this user: secrets, and what the settings `masking` ask for. */
export function maskingOf(ctx: Known, secretValues = secretsOfUser(ctx)): MaskerOptions {
  return { secretValues, ...ctx.settings.masking };
}

const OTLP_HEADERS = /^OTEL_EXPORTER_OTLP_(?:[A-Z]+_)?HEADERS$/;

/** `authorization=Basic%20abc,x-api-key=def`, without what is no secret of a header: its scheme. */
function headersOf(text: string): Environment {
  const pairs = text.split(",").map((pair) => /^([^=]+)=(?:.*(?: |%20))?(.*)$/.exec(pair.trim()) ?? []);
  return Object.fromEntries(pairs.map(([, name = "", value]) => [name, value]));
}

/** `--api-key value` and `--api-key=value` as a name with its value; nothing of other words. */
function flagOf(word: string, at: number, words: readonly string[]): Environment {
  const [, name, value = words[at + 1]] = /^--?([\w-]+)(?:=(.*))?$/s.exec(word) ?? [];
  return name === undefined ? {} : { [name]: value };
}
