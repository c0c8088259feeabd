import type { DoctorJson } from "../json-shapes.ts";
import { printable } from "../printable.ts";
import type { OldInstallation } from "./old-installation.ts";

/** As `doctor` shows it. `.hypertool/personas` alone is no old installation: it is read as any other place. */
export function oldInstallationOf({
  scripts,
  settings,
  personas,
}: OldInstallation): DoctorJson["oldInstallation"] {
  if (scripts.length === 0 && settings === undefined) return [];
  return [
    ...scripts.map(({ file, shadows }) => ({
      kind: "script" as const,
      path: file,
      note: shadows ? "the old script, before this program in PATH" : "the old script",
    })),
    ...(settings === undefined
      ? []
      : [
          {
            kind: "settings" as const,
            path: settings.file,
            note: `names ${settings.personas.map(printable).join(", ")}`,
          },
        ]),
    ...(personas === undefined
      ? []
      : [{ kind: "personas" as const, path: personas.directory, note: "read where they lie" }]),
  ];
}
