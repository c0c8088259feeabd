import path from "node:path";
import { ExitCode } from "../../core/errors.ts";
import { type Command, optionText } from "../command.ts";
import type { CliContext } from "../context.ts";
import type { DashboardsExportJson, DashboardsListJson } from "../dashboard-shapes.ts";
import { table } from "../printable.ts";
import { pushCommand } from "../push-dashboards.ts";
import { shippedDashboards } from "../shipped-dashboards.ts";
import { describeFiles, planFiles, writeFiles } from "../write-files.ts";

const list: Command = {
  name: "list",
  summary: "List the dashboards that come with tta-persona",
  examples: [{ command: "tta-persona dashboards list", doc: "uid and title of each" }],
  exitCodes: {},
  json: "tta-persona/dashboards-list/1",
  run: (_, ctx) => listDashboards(ctx),
};

const exportDashboards: Command = {
  name: "export",
  summary: "Write the dashboards' files into a directory, for provisioning or import",
  description:
    "They are for Grafana 10 or newer, with a Prometheus chosen by the variable Data source. A file that is there with " +
    "another content is left alone, and nothing is written, without --force.",
  options: [
    { flags: "--output <directory>", doc: "where to; made if it is not there (default: dashboards)" },
    { flags: "--force", doc: "replace files that have another content" },
  ],
  examples: [
    { command: "tta-persona dashboards export", doc: "into the directory dashboards" },
    {
      command: "tta-persona dashboards export --output /etc/grafana/dashboards --force",
      doc: "anew, after an update",
    },
  ],
  exitCodes: {
    1: "a file could not be written",
    2: "a file is there with another content, or one that may not be replaced; or wrong usage",
  },
  json: "tta-persona/dashboards-export/1",
  run(invocation, ctx) {
    const directory = path.resolve(ctx.cwd(), optionText(invocation, "output") ?? "dashboards");
    const given = shippedDashboards(ctx).map(({ file, text }) => ({
      file: path.join(directory, path.basename(file)),
      content: text,
    }));
    const files = planFiles(given, invocation.options.force === true, [directory, ctx.cwd()]);
    writeFiles(files);
    const document: DashboardsExportJson = {
      schema: "tta-persona/dashboards-export/1",
      directory,
      files: files.map(({ file, outcome }) => ({ file, outcome })),
    };
    ctx.output.done(document, describeFiles(files));
    return ExitCode.done;
  },
};

export const command: Command = {
  name: "dashboards",
  summary: "Get the Grafana dashboards, or write them to a Grafana",
  description: "Alone it lists them.",
  examples: list.examples,
  exitCodes: list.exitCodes,
  json: "tta-persona/dashboards-list/1",
  subcommands: [list, exportDashboards, pushCommand],
  run: (_, ctx) => listDashboards(ctx),
};

function listDashboards(ctx: CliContext): number {
  const dashboards = shippedDashboards(ctx).map(({ file, dashboard: { uid, title } }) => ({
    uid,
    title,
    file,
  }));
  const document: DashboardsListJson = { schema: "tta-persona/dashboards-list/1", dashboards };
  ctx.output.answer(document, table(dashboards.map(({ uid, title }) => [uid, title])));
  return ExitCode.done;
}
