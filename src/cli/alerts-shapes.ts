import { z } from "zod";
import { document } from "./json-document.ts";

/** The documents of `alerts`. */

const alertsExportShape = document("alerts-export", {
  directory: z.string().describe("absolute path"),
  runbookBase: z.string().describe("what stands before the anchor in each runbook_url"),
  files: z.array(
    z.object({
      file: z.string().describe("absolute path"),
      outcome: z
        .enum(["written", "unchanged", "replaced"])
        .describe("`unchanged`: it was there with the same content"),
    }),
  ),
});

export type AlertsExportJson = z.infer<typeof alertsExportShape>;
