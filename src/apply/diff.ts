import { createTwoFilesPatch } from "diff";
import type { ClientEdit } from "./plan.ts";
import { decodeText } from "./text-file.ts";

/** What would be changed in a file, as a unified diff. Shows lines of the user's own, secrets included. */
export function unifiedDiff({ path, before, after }: Pick<ClientEdit, "path" | "before" | "after">): string {
  const textOf = (bytes: Buffer | undefined) => (bytes === undefined ? "" : (decodeText(bytes)?.body ?? ""));
  const nameOf = (bytes: Buffer | undefined) => (bytes === undefined ? "/dev/null" : path);
  const patch = createTwoFilesPatch(
    nameOf(before),
    nameOf(after),
    textOf(before),
    textOf(after),
    undefined,
    undefined,
    {
      context: 2,
    },
  );
  return patch.replace(/^(?:Index: .*\n)?=+\n/, "");
}
