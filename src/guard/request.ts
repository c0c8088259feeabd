import { err, ok, type Result } from "../core/result.ts";

/** What an agent is about to do, whoever it told it. */
export interface GuardRequest {
  /** Who asks: how it has to be answered. */
  readonly contract: "claude-code" | "plain";
  readonly tool: string;
  /** The MCP server that the tool belongs to, where the caller names it apart. */
  readonly server?: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** Absolute; the working directory of the guard where the caller says nothing. */
  readonly cwd: string;
  /** Absolute; the project's directory, where the caller names it. */
  readonly projectDir?: string;
}

/** Longer than any file that an agent writes in one go. */
export const MAX_REQUEST_BYTES = 64 * 1024 * 1024;

/**
 * Reads a request: the JSON that Claude Code gives to a PreToolUse hook
 * (https://code.claude.com/docs/en/hooks), or the plain one, `{tool, path?, server?, input?, cwd?, projectDir?}`.
 *
 * @returns what is wrong with it, without any of its content.
 */
export function readRequest(text: string, cwd: string): Result<GuardRequest, string> {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    return err("it is no JSON");
  }
  if (!isRecord(value)) return err("it is no JSON object");
  return Object.hasOwn(value, "tool_name") || Object.hasOwn(value, "hook_event_name")
    ? readHook(value, cwd)
    : readPlain(value, cwd);
}

function readHook(value: Readonly<Record<string, unknown>>, cwd: string): Result<GuardRequest, string> {
  const { tool_name: tool, tool_input: input = {}, cwd: given = cwd } = value;
  if (typeof tool !== "string" || tool === "") return err("tool_name is no text");
  if (!isRecord(input)) return err("tool_input is no object");
  if (!isAbsolute(given)) return err("cwd is no absolute path");
  return ok({ contract: "claude-code", tool, input, cwd: given });
}

function readPlain(value: Readonly<Record<string, unknown>>, cwd: string): Result<GuardRequest, string> {
  const { tool, server, path, input = {}, cwd: given = cwd, projectDir } = value;
  if (typeof tool !== "string" || tool === "") return err("tool is no text");
  if (server !== undefined && typeof server !== "string") return err("server is no text");
  if (path !== undefined && typeof path !== "string") return err("path is no text");
  if (!isRecord(input)) return err("input is no object");
  if (!isAbsolute(given)) return err("cwd is no absolute path");
  if (projectDir !== undefined && !isAbsolute(projectDir)) return err("projectDir is no absolute path");
  return ok({
    contract: "plain",
    tool,
    input: path === undefined ? input : { ...input, path },
    cwd: given,
    ...(server === undefined ? {} : { server }),
    ...(projectDir === undefined ? {} : { projectDir }),
  });
}

function isAbsolute(value: unknown): value is string {
  return typeof value === "string" && value.startsWith("/") && !value.includes("\0");
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
