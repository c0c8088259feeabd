import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { LlmCalledFact } from "../../src/projection/llm-facts.ts";
import { readAll } from "../journal/a-fact.ts";
import { type FakeLangfuse, type FakeLangfuseOptions, startFakeLangfuse } from "../support/fake-langfuse.ts";
import type { RunOptions, RunResult, Sandbox } from "../support/run-binary.ts";
import { sandboxOfTest } from "./sandboxes.ts";

export const MODEL_KEY = "sk-test-0123456789abcdef";

export interface LangfuseSandbox {
  readonly langfuse: FakeLangfuse;
  readonly sandbox: Sandbox;
  readonly env: Readonly<Record<string, string>>;
  /** With the project configured, and nothing delivered. */
  run(args: readonly string[], options?: RunOptions): Promise<RunResult>;
}

/** A sandbox with a Langfuse project of the test's own. */
export async function langfuseSandbox(options: FakeLangfuseOptions = {}): Promise<LangfuseSandbox> {
  const langfuse = await startFakeLangfuse(options);
  onTestFinished(() => langfuse.close());
  const sandbox = sandboxOfTest();
  const env = {
    LANGFUSE_HOST: langfuse.url,
    LANGFUSE_PUBLIC_KEY: langfuse.publicKey,
    LANGFUSE_SECRET_KEY: langfuse.secretKey,
    TTA_PERSONA_DELIVERY: "off",
  };
  const run: LangfuseSandbox["run"] = (args, { env: more, ...rest } = {}) =>
    sandbox.run(args, { ...rest, env: { ...env, ...more } });
  return { langfuse, sandbox, env, run };
}

export function callsOf({ home }: Sandbox): readonly LlmCalledFact[] {
  const { facts } = readAll(join(home, "journal"));
  return facts.filter((fact): fact is LlmCalledFact => fact.type === "llm.called");
}
