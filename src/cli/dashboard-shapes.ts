import * as z from "zod";
import { document, writtenFiles } from "./json-document.ts";

const uid = z.string().describe("fixed, in every Grafana");

const dashboardsListShape = document("dashboards-list", {
  dashboards: z.array(
    z.object({ uid, title: z.string(), file: z.string().describe("absolute path, in the package") }),
  ),
});

const dashboardsExportShape = document("dashboards-export", {
  directory: z.string().describe("absolute path"),
  files: writtenFiles,
});

const dashboardsPushShape = document("dashboards-push", {
  grafana: z.string().describe("its address, without credentials"),
  version: z.string().nullable().describe("Grafana's; null where it does not tell"),
  folder: z
    .object({ uid: z.string(), title: z.string(), created: z.boolean() })
    .nullable()
    .describe("null where none was asked for"),
  dashboards: z.array(
    z.object({ uid, title: z.string(), outcome: z.enum(["created", "updated", "unchanged"]) }),
  ),
});

export type DashboardsListJson = z.infer<typeof dashboardsListShape>;
export type DashboardsExportJson = z.infer<typeof dashboardsExportShape>;
export type DashboardsPushJson = z.infer<typeof dashboardsPushShape>;
