import { gunzipSync } from "node:zlib";
import type { RecordedRequest } from "../support/behaviour.ts";
import type { PrintedSecret } from "./secret-shapes.ts";

/** What requests had in their bodies, unpacked. */
export const bodies = (requests: readonly RecordedRequest[]) =>
  requests
    .map(({ headers, body }) =>
      (headers["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString("utf8"),
    )
    .join("\n");

/** `<secret's name> in <place>: <what is around it>` of each that can be seen. */
export function leaks(
  places: ReadonlyMap<string, string>,
  secrets: Readonly<Record<string, string | readonly string[]>>,
) {
  return [...places].flatMap(([place, text]) =>
    Object.entries(secrets).flatMap(([name, values]) =>
      [values].flat().flatMap((value) => {
        const forms = [value, JSON.stringify(value).slice(1, -1)];
        const at = Math.max(...forms.map((form) => text.indexOf(form)));
        return at === -1
          ? []
          : [`${name} in ${place}: ${text.slice(Math.max(0, at - 40), at + value.length)}`];
      }),
    ),
  );
}

export const secretsOf = (shapes: readonly PrintedSecret[]) =>
  Object.fromEntries(shapes.map(({ name, secrets }, index) => [`${index + 1} ${name}`, secrets]));
