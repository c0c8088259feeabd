import fs from "node:fs";
import { checkSetting } from "../../config/check-setting.ts";
import { hasUserSetting, writeUserSetting } from "../../config/config-store.ts";
import { type SettingKey, settingKeys } from "../../config/keys.ts";
import { type ResolvedSetting, variableOf } from "../../config/settings.ts";
import { didYouMean } from "../../core/did-you-mean.ts";
import { envValue } from "../../core/environment.ts";
import { ExitCode, UserError } from "../../core/errors.ts";
import type { ArgumentSpec, Command, Invocation } from "../command.ts";
import type { CliContext } from "../context.ts";
import type {
  ConfigGetJson,
  ConfigListJson,
  ConfigPathJson,
  ConfigSetJson,
  ConfigUnsetJson,
  SettingJson,
} from "../json-shapes.ts";
import { quote, table, withoutCredentials } from "../printable.ts";
import { hintWith } from "../usage-error.ts";

const keyArgument: ArgumentSpec = {
  name: "key",
  doc: "the setting, such as pushgateway.url",
  complete: "config-keys",
};
const notWritten = { 1: "the file could not be written completely; it is as it was before" };

const list: Command = {
  name: "list",
  summary: "List all settings: value, source, and the variable that overrides the file",
  examples: [{ command: "tta-persona config list", doc: "secrets show as (set)" }],
  exitCodes: { 0: "done, also when some values are no good" },
  json: "tta-persona/config-list/1",
  settingsProblems: "presented by the command",
  run: (_, ctx) => listSettings(ctx),
};

const get: Command = {
  name: "get",
  summary: "Print the value of a setting that is in force",
  arguments: [keyArgument],
  examples: [{ command: "tta-persona config get delivery.timeout", doc: "nothing when it has no value" }],
  exitCodes: { 0: "done, also when it has no value" },
  json: "tta-persona/config-get/1",
  run({ args: [name = ""] }, ctx) {
    const { key } = findKey(name);
    const resolved = ctx.settings.resolved.find((one) => one.key.key === key);
    if (resolved === undefined) throw new Error(`setting ${key} was not resolved`);
    const setting = settingJson(resolved);
    const document: ConfigGetJson = { schema: "tta-persona/config-get/1", ...setting };
    ctx.output.content(document, setting.value === null ? "" : `${setting.value}\n`);
    return ExitCode.done;
  },
};

const set: Command = {
  name: "set",
  summary: "Set a setting in the user's file",
  arguments: [keyArgument, { name: "value", doc: "its value, or - to read it from standard input" }],
  examples: [
    { command: "tta-persona config set pushgateway.url http://localhost:9091", doc: "deliver metrics" },
    {
      command: "tta-persona config set pushgateway.password - < password.txt",
      doc: "not in the shell's history",
    },
  ],
  exitCodes: notWritten,
  json: "tta-persona/config-set/1",
  settingsProblems: "ignored",
  async run({ args: [name = "", given = ""] }, ctx) {
    const key = findKey(name);
    const value = given === "-" ? (await ctx.readStdin()).replace(/\r?\n$/, "") : given;
    const checked = checkSetting(key, value);
    if (!checked.ok) throw new UserError(checked.error);
    await writeUserSetting(ctx.home, key.key, checked.value);
    const variable = variableOf(key, ctx.env);
    const isSet = variable !== undefined && envValue(ctx.env, variable) !== undefined;
    const overriddenBy = isSet ? variable : null;
    const document: ConfigSetJson = {
      schema: "tta-persona/config-set/1",
      key: key.key,
      value: shown(key, checked.value),
      file: ctx.home.configFile,
      overriddenBy,
    };
    ctx.output.done(document, `${key.key} = ${document.value}\n`);
    if (overriddenBy !== null)
      ctx.output.note(`${overriddenBy} is set in the environment, and goes before it`);
    return ExitCode.done;
  },
};

const unset: Command = {
  name: "unset",
  summary: "Take a setting out of the user's file",
  arguments: [keyArgument],
  examples: [{ command: "tta-persona config unset pushgateway.url", doc: "stop delivering metrics" }],
  exitCodes: { 0: "done, also when it was not there", ...notWritten },
  json: "tta-persona/config-unset/1",
  settingsProblems: "ignored",
  async run({ args: [name = ""] }, ctx) {
    const { key } = findKey(name);
    const removed = hasUserSetting(ctx.home, key);
    if (removed) await writeUserSetting(ctx.home, key, undefined);
    const document: ConfigUnsetJson = {
      schema: "tta-persona/config-unset/1",
      key,
      removed,
      file: ctx.home.configFile,
    };
    ctx.output.done(document, removed ? `${key} is not set any more\n` : `${key} was not set\n`);
    return ExitCode.done;
  },
};

const path: Command = {
  name: "path",
  summary: "Print the path of the user's settings file",
  examples: [{ command: "tta-persona config path", doc: "it need not exist yet" }],
  exitCodes: {},
  json: "tta-persona/config-path/1",
  settingsProblems: "ignored",
  run(_, ctx) {
    const file = ctx.home.configFile;
    const document: ConfigPathJson = {
      schema: "tta-persona/config-path/1",
      file,
      exists: fs.existsSync(file),
    };
    ctx.output.answer(document, `${file}\n`);
    return ExitCode.done;
  },
};

export const command: Command = {
  name: "config",
  summary: "Read and change the user's settings",
  description:
    "Alone it lists them. The environment goes before a project's .tta-persona/settings.yaml (once trusted), that before " +
    "the user's file, and that before the defaults.",
  examples: list.examples,
  exitCodes: list.exitCodes,
  json: "tta-persona/config-list/1",
  settingsProblems: "presented by the command",
  subcommands: [list, get, set, unset, path],
  run: (_: Invocation, ctx) => listSettings(ctx),
};

function listSettings(ctx: CliContext): number {
  const { resolved, problems } = ctx.settings;
  const document: ConfigListJson = {
    schema: "tta-persona/config-list/1",
    file: ctx.home.configFile,
    settings: resolved.map(settingJson),
    problems: problems.map(({ message }) => withoutCredentials(message)),
  };
  const rows = document.settings.map(({ key, value, source, variable }) => [
    key,
    value ?? "-",
    source,
    variable === null ? "" : `$${variable}`,
  ]);
  const wrong = problems.map(({ message, hint }) => `! ${message} ${hint ?? ""}`.trimEnd());
  const tail = wrong.length === 0 ? "" : `\n${withoutCredentials(wrong.join("\n"))}\n`;
  ctx.output.answer(document, `${table([["setting", "value", "from", "overridden by"], ...rows])}${tail}`);
  return ExitCode.done;
}

export function settingJson({ key, value, source }: ResolvedSetting): SettingJson {
  return {
    key: key.key,
    value: value === undefined ? null : shown(key, value),
    source,
    variable: key.env ?? null,
  };
}

/** Secrets never, and no credentials within a URL. */
function shown(key: SettingKey, value: string): string {
  return key.secret === true ? "(set)" : withoutCredentials(value);
}

function findKey(name: string): SettingKey {
  const key = settingKeys.find((candidate) => candidate.key === name);
  if (key !== undefined) return key;
  const names = settingKeys.map((candidate) => candidate.key);
  throw new UserError({
    reason: "unknown-setting",
    message: `There is no setting ${quote(name)}, but ${names.join(", ")}.`,
    hint: hintWith(suggestKeys(name, names), "See: tta-persona config list"),
  });
}

/** By the whole name, or by what follows its dot. */
function suggestKeys(name: string, keys: readonly string[]): readonly string[] {
  const suggestions = didYouMean(name, keys);
  if (suggestions.length > 0) return suggestions;
  const last = (key: string) => key.slice(key.indexOf(".") + 1);
  const near = didYouMean(name, keys.map(last));
  return keys.filter((key) => near.includes(last(key))).slice(0, 3);
}
