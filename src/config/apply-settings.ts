import { NO_TARGETS, type SettingName } from "./keys.ts";

export interface ApplySettings {
  /** Whether a switch has anything to apply, or hooks to run. */
  readonly isOn: boolean;
  /** Nobody has said yet what a switch is applied to. */
  readonly isUnset: boolean;
  readonly targets: readonly string[];
  readonly servers: readonly string[];
  /** Each a program with its arguments. */
  readonly onSwitch: readonly (readonly string[])[];
  readonly hookTimeoutMs: number;
}

/** @param value of the setting of that name; undefined where it has none. */
export function applySettings(
  value: (name: SettingName) => string | undefined,
  hookTimeoutMs: number,
): ApplySettings {
  const targets = value("apply.targets");
  const onSwitch = value("apply.onSwitch");
  return {
    isOn: onSwitch !== undefined || (targets !== undefined && targets !== NO_TARGETS),
    isUnset: targets === undefined,
    targets: targets === undefined || targets === NO_TARGETS ? [] : targets.split(","),
    servers: value("apply.servers")?.split(",") ?? [],
    get onSwitch() {
      return splitCommands(splitWords(onSwitch ?? ""));
    },
    hookTimeoutMs,
  };
}

/** As `find -exec` has it: a `;` that stands alone ends a command. */
function splitCommands(words: readonly string[]): readonly (readonly string[])[] {
  const commands: string[][] = [[]];
  for (const word of words) {
    if (word === ";") commands.push([]);
    else commands.at(-1)?.push(word);
  }
  return commands.filter((command) => command.length > 0);
}

/** Words as a shell would split them, with quotation marks but without anything else that a shell does. */
export function splitWords(text: string): readonly string[] {
  const words = text.match(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g) ?? [];
  return words.map((word) => word.replace(/"([^"]*)"|'([^']*)'/g, (_, double, single) => double ?? single));
}
