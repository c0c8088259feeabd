import { positionAt } from "../core/position.ts";
import type { McpClient, McpFile } from "./clients/client.ts";
import { applySplices, personaEdits } from "./persona-argument.ts";
import { findFile } from "./places.ts";
import type { FilePlan, PlanContext, Target } from "./target.ts";
import { decodeText, encodeText } from "./text-file.ts";

/** Makes a switch real in the MCP configuration of a client: its Hypertool servers start as the persona. */
export function mcpTarget({ name, doc, reload, files }: McpClient): Target {
  const plan = (persona: string, context: PlanContext) => {
    const plans = files.map((file) => planFile(file, persona, context));
    // Of a client with a file in the project and one in the home, the one that is not there is no news.
    const there = plans.filter((one) => one.kind !== "skipped" || one.reason !== "missing");
    return there.length > 0 ? there : plans.slice(0, 1);
  };
  return {
    client: name,
    doc,
    reload,
    plan: (persona, context) => plan(persona.name, context),
    isHypertool: true,
  };
}

function planFile(mcpFile: McpFile, persona: string, context: PlanContext): FilePlan {
  const file = findFile(mcpFile, context);
  const content = file === undefined ? undefined : context.read(file);
  if (file === undefined || content === undefined || content.kind === "missing") {
    const where = mcpFile.base === "user" ? `~/${mcpFile.path}` : mcpFile.path;
    return { kind: "skipped", file: null, reason: "missing", message: `there is no ${where}` };
  }
  if (content.kind === "unusable") return { kind: "refused", file, failure: content.failure };
  const text = decodeText(content.bytes);
  if (text === undefined) return refused(file, "not a text in UTF-8", "", 0);
  const edits = personaEdits(text.body, mcpFile.key, context.serverNames, persona);
  if (!edits.ok) return refused(file, edits.error.message, text.body, edits.error.offset);
  if (edits.value.servers.length === 0) {
    return { kind: "skipped", file, reason: "no-hypertool", message: "no Hypertool server in it" };
  }
  if (edits.value.splices.length === 0) return { kind: "already", file };
  const after = encodeText({ ...text, body: applySplices(text.body, edits.value.splices) });
  return {
    kind: "change",
    file,
    edit: { path: content.path, before: content.bytes, after, mode: content.mode },
  };
}

export function refused(file: string, what: string, body: string, offset: number): FilePlan {
  const { line, column } = positionAt(body, offset);
  const failure = {
    reason: "broken-client-file",
    message: `${file}:${line}:${column}: ${what}.`,
    hint: "Correct the file; nothing has been changed.",
  };
  return { kind: "refused", file, failure };
}
