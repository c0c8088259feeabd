import { type PlannedFrom, planAll } from "./plan.ts";
import { targets } from "./targets.ts";

/** What was found of one client; of one with several files, of each. */
export interface Detected {
  readonly client: string;
  readonly doc: string;
  readonly file: string | null;
  readonly state: /** It starts Hypertool: a switch may be applied to it. */
    | "hypertool"
    /** It is there, and starts no Hypertool. */
    | "no-hypertool"
    | "missing"
    /** It cannot be read or edited as it is; `message` says why. */
    | "unusable"
    /** It needs no Hypertool, and is applied to when it is named. */
    | "by-name";
  readonly message: string | null;
}

/** Looks at the files of all clients. Writes nothing. */
export function detectTargets(places: PlannedFrom): readonly Detected[] {
  const anybody = { name: "anybody", chatmode: "default", writeAgent: undefined };
  return planAll(targets, anybody, places).flatMap(({ target, files }) =>
    files.map((plan): Detected => {
      const about = { client: target.client, doc: target.doc, file: plan.file, message: null };
      if (!target.isHypertool) return { ...about, file: null, state: "by-name" };
      if (plan.kind === "refused") return { ...about, state: "unusable", message: plan.failure.message };
      if (plan.kind !== "skipped") return { ...about, state: "hypertool" };
      return { ...about, state: plan.reason === "missing" ? "missing" : "no-hypertool" };
    }),
  );
}

/** Names of the clients that start Hypertool here. */
export function hypertoolClients(detected: readonly Detected[]): readonly string[] {
  return [...new Set(detected.filter(({ state }) => state === "hypertool").map(({ client }) => client))];
}
