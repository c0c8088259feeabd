import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What the agent was given, in the order of its calls. */
export interface AgentCall {
  readonly stage: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface FakeAgent {
  /** For TTA_PERSONA_AGENT. */
  readonly command: string;
  calls(): readonly AgentCall[];
}

/** Values by key that the agent hands on, by stage; a stage that is missing fails. */
export type Replies = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** An agent CLI that hands on what it was told to, and touches a file of tests in the stage `fix`. */
export function fakeAgent(directory: string, replies: Replies): FakeAgent {
  const script = join(directory, "agent.mjs");
  const log = join(directory, "calls.jsonl");
  writeFileSync(log, "");
  writeFileSync(
    script,
    `import { appendFileSync } from "node:fs";
const { TTA_STAGE: stage, TTA_OUTPUT: output } = process.env;
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(?:TTA_|TRACEPARENT)/.test(name)));
appendFileSync(${JSON.stringify(log)}, JSON.stringify({ stage, argv: process.argv.slice(2), env }) + "\\n");
const reply = ${JSON.stringify(replies)}[stage];
if (reply === undefined) {
  console.error("I cannot do this.");
  process.exit(3);
}
if (stage === "fix") appendFileSync("test/greet.test.mjs", "// regression\\n");
for (const [key, value] of Object.entries(reply)) appendFileSync(output, \`\${key}<<END\\n\${value}\\nEND\\n\`);
`,
  );
  return {
    command: `${process.execPath} ${script} -p`,
    calls: () =>
      readFileSync(log, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as AgentCall),
  };
}
