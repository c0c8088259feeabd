import fs from "node:fs";
import path from "node:path";
import { ExitCode, UserError } from "../../core/errors.ts";
import { withoutUserinfo } from "../../core/url.ts";
import type { AlertsExportJson } from "../alerts-shapes.ts";
import { type Command, type Invocation, optionText } from "../command.ts";
import type { CliContext } from "../context.ts";
import { quote } from "../printable.ts";
import { describeFiles, planFiles, writeFiles } from "../write-files.ts";

const FILES = ["recording-rules.yaml", "alerts.yaml", "alertmanager.yaml"] as const;

/** What the rules that are shipped have before the anchor of each alert's section in docs/runbook.md. */
const RUNBOOK_PLACEHOLDER = "https://tta-persona.example.com/runbook.md";

const exportAlerts: Command = {
  name: "export",
  summary: "Write the alert rules and an example for Alertmanager into a directory",
  description:
    "recording-rules.yaml and alerts.yaml are for Prometheus 2.42 or newer and need each other; alertmanager.yaml shows " +
    "routes, and has to be filled in. Every alert links to its section of docs/runbook.md: --runbook-base says where " +
    "you keep that. A file that is there with another content is left alone, and nothing is written, without --force.",
  options: [
    { flags: "--output <directory>", doc: "where to; made if it is not there (default: alerts)" },
    {
      flags: "--runbook-base <url>",
      doc: "address of your copy of the runbook, which the links begin with",
    },
    { flags: "--force", doc: "replace files that have another content" },
  ],
  examples: [
    { command: "tta-persona alerts export", doc: "into the directory alerts" },
    {
      command:
        "tta-persona alerts export --output rules --runbook-base https://git.example.com/ops/runbook.md --force",
      doc: "anew, after an update",
    },
  ],
  exitCodes: {
    1: "a file could not be written",
    2: "a file is there with another content, or one that may not be replaced; or wrong usage",
  },
  json: "tta-persona/alerts-export/1",
  run: writeAlerts,
};

export const command: Command = {
  name: "alerts",
  summary: "Get the alert rules for Prometheus, to load and to change",
  examples: exportAlerts.examples,
  exitCodes: {},
  json: "tta-persona/alerts-export/1",
  subcommands: [exportAlerts],
};

function writeAlerts(invocation: Invocation, ctx: CliContext): number {
  const directory = path.resolve(ctx.cwd(), optionText(invocation, "output") ?? "alerts");
  const runbookBase = runbookAddress(optionText(invocation, "runbookBase"));
  const given = FILES.map((name) => ({
    file: path.join(directory, name),
    content: shipped(name, ctx).replaceAll(RUNBOOK_PLACEHOLDER, () => runbookBase),
  }));
  const files = planFiles(given, invocation.options.force === true, [directory, ctx.cwd()]);
  writeFiles(files);
  const document: AlertsExportJson = {
    schema: "tta-persona/alerts-export/1",
    directory,
    runbookBase,
    files: files.map(({ file, outcome }) => ({ file, outcome })),
  };
  ctx.output.done(document, describeFiles(files));
  if (runbookBase === RUNBOOK_PLACEHOLDER)
    ctx.output.note("the links to the runbook are placeholders; --runbook-base <url> fills them in");
  return ExitCode.done;
}

function shipped(name: string, { programDir }: CliContext): string {
  return fs.readFileSync(`${programDir.slice(0, programDir.lastIndexOf("/"))}/alerts/${name}`, "utf8");
}

/** As the standard writes addresses, so that nothing in it means anything to YAML or to Prometheus' templates. */
function runbookAddress(given: string | undefined): string {
  if (given === undefined) return RUNBOOK_PLACEHOLDER;
  const url = URL.canParse(given) ? new URL(given) : undefined;
  const isPlain =
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    [url.username, url.password, url.search, url.hash].every((part) => part === "");
  if (!isPlain) {
    throw new UserError({
      reason: "invalid-runbook-base",
      message: `--runbook-base cannot be ${quote(withoutUserinfo(given))}.`,
      hint: "It takes an http or https address without credentials, query or anchor.",
    });
  }
  return url.href;
}
