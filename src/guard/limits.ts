/** What the guard cannot enforce, for `guard --explain` and the documents. */
export const guardLimits: readonly string[] = [
  "Shell commands are looked at as text, and that is all. A path that stands there is found, and what a plain grep -r " +
    "would read; what a variable, a substitution, a script, an alias or any other walk through a directory (rg, tar, " +
    "find) comes to is not. Use the agent's sandbox, or file permissions, where that matters.",
  "A search for names (Glob, LS) that begins above a restricted directory is allowed, and may show names from there; " +
    "one that is aimed at it is denied, and so is one through contents (Grep and its like) that would read a file there. " +
    "What such searches leave out by themselves (.git and node_modules where no path or glob sends them there, and what a " +
    "link leads to) is not looked at.",
  "A symbolic link is followed; a hard link, a bind mount or a copy of a file has another name, and is not known.",
  "Between the guard's answer and the use of the tool a link can be changed.",
  "Inputs of MCP servers are looked through by the names of their fields (path, file, directory, uri and the like). " +
    "What a server does by itself, nobody sees here.",
  "requireApprovalFor knows system_command, file_delete, database_migration, data_export and dependency_install by " +
    "the usual commands; any other entry is a glob for a tool's name, or words to look for in it.",
  "What a chatmode's own file restricts is not enforced here: the persona's definition is.",
  "security.blockList and allowEnvironmentAccess are not enforced here: an agent's process has its environment.",
  "What a hook does not see is not guarded: files that a user names with @, other agents, and Claude Code when the " +
    "hook is taken out, or, before its version 2.1.295, when it is late or tta-persona is not in PATH.",
];
