import * as z from "zod";
import { document, writtenFiles } from "./json-document.ts";

/** The documents of `alerts`. */

const alertsExportShape = document("alerts-export", {
  directory: z.string().describe("absolute path"),
  runbookBase: z.string().describe("what stands before the anchor in each runbook_url"),
  files: writtenFiles,
});

export type AlertsExportJson = z.infer<typeof alertsExportShape>;
