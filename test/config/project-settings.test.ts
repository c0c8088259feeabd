import fs from "node:fs";
import { describe, expect, test } from "vitest";
import { readProjectSettings } from "../../src/config/project-settings.ts";
import { readSettings } from "../../src/config/settings.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

function projectFile(text: string): string {
  const file = `${temporaryDirectory()}/settings.yaml`;
  fs.writeFileSync(file, text);
  return file;
}

function inForce(text: string, user: object = {}, env: Record<string, string> = {}) {
  const configFile = `${temporaryDirectory()}/config.json`;
  fs.writeFileSync(configFile, JSON.stringify(user));
  return readSettings(configFile, env, readProjectSettings(projectFile(text)));
}

describe("a project's settings", () => {
  test("go before the user's and after the environment's, whether nested or dotted", () => {
    const user = { llm: { model: "openai/a" }, agent: { command: "mine" } };
    const settings = inForce("llm.model: openai/b\nagent:\n  command: claude -p\n", user, {
      TTA_PERSONA_AGENT: "codex exec",
    });
    expect(settings).toMatchObject({
      llm: { model: "openai/b" },
      agentCommand: ["codex", "exec"],
      problems: [],
    });
    const sources = Object.fromEntries(settings.resolved.map(({ key, source }) => [key.key, source]));
    expect(sources).toMatchObject({
      "llm.model": "project",
      "agent.command": "environment",
      capture: "default",
    });
  });

  test("add to what the user has masked", () => {
    const { masking } = inForce("masking.patterns: ACME-\\d+\n", { masking: { patterns: "EMP-\\d{6}" } });
    expect(masking.patterns.map(({ source }) => source).sort()).toEqual(["ACME-\\d+", "EMP-\\d{6}"]);
  });

  test("are read as they are written", () => {
    const settings = inForce("masking.personal: on\ncapture: none\n");
    expect(settings).toMatchObject({ masking: { personal: true }, capture: "none", isPrivacyKnown: true });
  });

  test.each([
    ["pushgateway.url: http://evil.test\n", "1:1", "pushgateway.url is not a project's to set", "llm.model"],
    ["llm:\n  baseUrl: http://evil.test\n", "2:3", "llm.baseUrl is not a project's to set", "llm.model"],
    ["# c\nllm.modell: x\n", "2:1", "llm.modell is no setting", "Did you mean llm.model?"],
    ["capture: al\n", "1:1", 'capture cannot be "al"', "full, masked, metadata, none"],
    ["llm.model: [a]\n", "1:1", "llm.model cannot be a list", "one text"],
    ["- a\n", "1:1", "holds no settings", "capture"],
    ["a: [\n", "2:1", "", ""],
  ])("that are no good are passed over and told: %j", (text, place, message, hint) => {
    const { problems, anySink } = inForce(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toContain(`settings.yaml:${place}: ${message}`);
    expect(problems[0]?.hint).toContain(hint);
    expect(anySink).toBe(false);
  });

  test("that cannot be read leave nothing of a text to be kept", () => {
    expect(inForce("capture: metdata\n").isPrivacyKnown).toBe(false);
    expect(inForce("masking.pattern: x\n").isPrivacyKnown).toBe(false);
    expect(inForce("a: [\n").isPrivacyKnown).toBe(false);
    expect(inForce("llm.modell: x\n").isPrivacyKnown).toBe(true);
    expect(inForce("").isPrivacyKnown).toBe(true);
  });
});
