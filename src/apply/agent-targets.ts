import { isOurs, withMark } from "./agent-file.ts";
import { membersOf, parseJsonc, textOf } from "./jsonc.ts";
import { refused } from "./mcp-target.ts";
import { applySplices } from "./persona-argument.ts";
import { findFile, projectRoot } from "./places.ts";
import type { AgentFormat, AppliedPersona, FilePlan, PlanContext, Target } from "./target.ts";
import { decodeText, encodeText } from "./text-file.ts";

const LOCAL_SETTINGS = ".claude/settings.local.json";

/**
 * Claude Code runs a whole session as the subagent that `agent` in its settings names. Of the project's two settings
 * files it is the local one, which goes before the shared one and is not committed: who works as what is nobody
 * else's business.
 */
export const claudeAgent: Target = {
  client: "claude-agent",
  doc: "Claude Code's `agent` of the project, .claude/settings.local.json, and the persona as .claude/agents/<persona>.md",
  reload: "start claude again; a session keeps the agent that it began with",
  plan(persona, context) {
    const agent = planAgentFile(persona, "claude-code", `.claude/agents/${persona.name}.md`, context);
    // A setting that names what is not there would be worse than none.
    const isMissing = agent.kind === "skipped" && agent.reason !== OWN_FILE;
    if (agent.kind === "refused" || isMissing) return [agent];
    return [agent, planSetting(persona.name, context)];
  },
  isHypertool: false,
};

/** A persona to choose in the list of agents of GitHub Copilot and VS Code. */
export const copilot: Target = {
  client: "copilot",
  doc: "the persona as a custom agent of VS Code and GitHub Copilot, .github/agents/<persona>.agent.md",
  reload: "choose the agent of that name in the chat",
  plan: (persona, context) => [
    planAgentFile(persona, "copilot", `.github/agents/${persona.name}.agent.md`, context),
  ],
  isHypertool: false,
};

/** An agent of that name is there, and is the user's. */
const OWN_FILE = "own-file";

const NO_PROJECT: FilePlan = {
  kind: "skipped",
  file: null,
  reason: "no-project",
  message: "this is no project: neither a repository nor a folder with .tta-persona, .claude or .github",
};

function placeOf(path: string, context: PlanContext): string | undefined {
  const found = findFile({ base: "project", path }, context);
  if (found !== undefined) return found;
  const root = projectRoot(context);
  return root === undefined ? undefined : `${root}/${path}`;
}

function planAgentFile(
  persona: AppliedPersona,
  format: AgentFormat,
  path: string,
  context: PlanContext,
): FilePlan {
  const file = placeOf(path, context);
  if (file === undefined) return NO_PROJECT;
  const { writeAgent } = persona;
  if (writeAgent === undefined) {
    return {
      kind: "skipped",
      file: null,
      reason: "no-definition",
      message: `${persona.name} is not defined here`,
    };
  }
  const content = context.read(file);
  if (content.kind === "unusable") return { kind: "refused", file, failure: content.failure };
  const written = writeAgent(format);
  if (!written.ok) {
    const { message, hint } = written.error;
    const failure = { reason: "no-such-agent", message: `${persona.name}: ${message}.`, hint };
    return { kind: "refused", file, failure };
  }
  const after = Buffer.from(withMark(written.value));
  if (content.kind === "missing") {
    return { kind: "change", file, edit: { path: file, before: undefined, after, mode: 0o644 } };
  }
  if (content.bytes.equals(after)) return { kind: "already", file };
  if (!isOurs(decodeText(content.bytes)?.body ?? "")) {
    return { kind: "skipped", file, reason: OWN_FILE, message: "a file of your own, which stays as it is" };
  }
  const { path: real, bytes: before, mode } = content;
  return { kind: "change", file, edit: { path: real, before, after, mode } };
}

function planSetting(agent: string, context: PlanContext): FilePlan {
  const file = placeOf(LOCAL_SETTINGS, context);
  if (file === undefined) return NO_PROJECT;
  const content = context.read(file);
  if (content.kind === "unusable") return { kind: "refused", file, failure: content.failure };
  if (content.kind === "missing") {
    const after = Buffer.from(`${JSON.stringify({ agent }, null, 2)}\n`);
    return { kind: "change", file, edit: { path: file, before: undefined, after, mode: 0o600 } };
  }
  const text = decodeText(content.bytes);
  if (text === undefined) return refused(file, "not a text in UTF-8", "", 0);
  const root = parseJsonc(text.body);
  if (!root.ok) return refused(file, root.error.message, text.body, root.error.offset);
  if (root.value.type !== "object") return refused(file, "not an object", text.body, root.value.offset);
  const values = membersOf(root.value, "agent");
  const wanted = JSON.stringify(agent);
  const splices =
    values.length > 0
      ? values
          .filter((value) => textOf(value) !== agent)
          .map(({ offset, length }) => ({ offset, length, text: wanted }))
      : [firstMember(text.body, root.value, wanted)];
  if (splices.length === 0) return { kind: "already", file };
  const after = encodeText({ ...text, body: applySplices(text.body, splices) });
  return {
    kind: "change",
    file,
    edit: { path: content.path, before: content.bytes, after, mode: content.mode },
  };
}

/** Puts the member before the first one, laid out as that is. */
function firstMember(body: string, root: Parameters<typeof membersOf>[0], value: string) {
  const offset = root.offset + 1;
  const [first] = root.children ?? [];
  if (first === undefined) return { offset, length: 0, text: `"agent": ${value}` };
  const before = body.slice(offset, first.offset);
  const gap = before.trim() === "" ? before : " ";
  return { offset, length: 0, text: `${gap}"agent": ${value},` };
}
