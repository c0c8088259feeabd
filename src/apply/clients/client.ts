/**
 * An agent tool that starts Hypertool from a configuration file of its own. Data alone, since the hot path asks where
 * such files may lie; `mcp-target.ts` edits them. Another tool is one more file here, and a line in `mcp-clients.ts`.
 */
export interface McpClient {
  /** As `apply.targets` and `--client` name it. */
  readonly name: string;
  readonly doc: string;
  /** How the tool takes a change in. */
  readonly reload: string;
  readonly files: readonly McpFile[];
}

export interface McpFile {
  /** Below the user's home, or in the nearest parent of the working directory that has it. */
  readonly base: "user" | "project";
  /** Relative to it. */
  readonly path: string;
  /** The member of the file's object that holds the servers. */
  readonly key: "mcpServers" | "servers";
}
