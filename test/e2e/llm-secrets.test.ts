import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { isLlmCalled } from "../../src/projection/facts.ts";
import { readAll } from "../journal/a-fact.ts";
import { startFakeLangfuse } from "../support/fake-langfuse.ts";
import { openaiAnswer, refuse, startFakeModel } from "../support/fake-model.ts";
import { startFakePushgateway } from "../support/fake-pushgateway.ts";
import { startOtlpServer } from "../support/otlp-server.ts";
import type { RunOptions, RunResult } from "../support/run-binary.ts";
import { configuredSandbox } from "./delivery-home.ts";
import { bodies, leaks, secretsOf } from "./leaks.ts";
import { filesBelow } from "./project-workflows.ts";
import { KNOWN_VALUES, type PrintedSecret, printedSecrets } from "./secret-shapes.ts";

const KEY = "the-key-of-the-model-server";
const SECRET_ENV = {
  SERVICE_API_KEY: KNOWN_VALUES.environment,
  SESSION_TOKEN: KNOWN_VALUES.parameter,
  DEPLOY_PASSWORD: KNOWN_VALUES.stageEnvironment,
  STAGE_TOKEN: KNOWN_VALUES.output,
};

const secrets = { ...secretsOf(printedSecrets), "the model's key": KEY };
const short = printedSecrets.filter(({ printed }) => printed.length <= 200);
const everything = printedSecrets.map(({ printed }) => printed).join("");

async function scene(capture: string, more: Readonly<Record<string, Record<string, string>>> = {}) {
  const gateway = await startFakePushgateway();
  const langfuse = await startFakeLangfuse({ isPoison: ({ name }) => name.endsWith("_refused") });
  const otlp = await startOtlpServer({ protocol: "http" });
  for (const { close } of [gateway, langfuse, otlp]) onTestFinished(close);
  const { password, header } = KNOWN_VALUES;
  const sandbox = configuredSandbox({
    delivery: { mode: "foreground" },
    pushgateway: { url: gateway.url, scrapeInterval: "1ms", username: "ann", password },
    otlp: { endpoint: otlp.url, protocol: "http/json", headers: `authorization=Bearer%20${header}` },
    langfuse: langfuse.settings,
    ...({ capture } as object),
    ...more,
  });
  onTestFinished(() => sandbox.dispose());
  await sandbox.run(["switch", "backend"]);
  const shown = new Map<string, string>();
  return {
    sandbox,
    langfuse,
    async run(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
      const env = { ...SECRET_ENV, ...options.env };
      const result = await sandbox.run(args, { ...options, env });
      shown.set(`output of ${args.join(" ").slice(0, 40)} (${shown.size})`, result.stdout + result.stderr);
      return result;
    },
    calls: () => readAll(join(sandbox.home, "journal")).facts.filter(isLlmCalled),
    places: () =>
      new Map([
        ...shown,
        ...filesBelow(sandbox.home).filter(([file]) => !file.endsWith("/config.json")),
        ["OTLP", bodies(otlp.requests())],
        ["Langfuse", bodies(langfuse.requests())],
        [
          "Pushgateway",
          bodies(gateway.requests()) +
            gateway
              .requests()
              .map(({ path }) => path)
              .join(),
        ],
      ]),
  };
}

const lines = (calls: readonly object[]) => calls.map((call) => `${JSON.stringify(call)}\n`).join("");

const recordOf = ({ printed }: PrintedSecret) => ({
  model: "openai/gpt-4o",
  input: 1,
  output: 1,
  outcome: "error",
  prompt: `before\n${printed}`,
  response: printed,
  error: { type: printed.slice(0, 200), message: printed },
  metadata: { note: printed, [printed.slice(0, 500)]: "x" },
  finishReason: printed.slice(0, 200),
  responseId: printed.slice(0, 200),
  ...(printed.length <= 200 ? { taskType: printed, operation: printed } : {}),
});

describe(`${printedSecrets.length} shapes of a secret`, () => {
  test("in all texts of recorded calls are seen nowhere, and the text around them is", async () => {
    const { run, places, calls, langfuse } = await scene("masked");
    // A word of 200 characters of a long text may end within its secret, so those come by themselves.
    const stdin = lines([
      ...short.map(recordOf),
      ...printedSecrets.map(({ printed }) => ({
        model: "gpt-4o",
        input: 1,
        output: 1,
        prompt: printed,
        response: printed,
        metadata: { note: printed },
      })),
      { ...recordOf(short[0] as PrintedSecret), taskType: "refused" },
    ]);
    const result = await run(["tokens", "record", "--stdin", "--json"], { stdin });
    expect(result).toMatchObject({ code: 0 });
    for (const args of [["tokens", "--json"], ["doctor"], ["doctor", "--json"], ["metrics"], ["budget"]])
      await run(args);
    expect(leaks(places(), secrets)).toEqual([]);
    expect(calls()).toHaveLength(short.length + printedSecrets.length + 1);

    const seen = langfuse.observations().filter(({ type }) => type === "generation");
    expect(seen).toHaveLength(short.length + printedSecrets.length);
    for (const part of ["input", "output"] as const) {
      const all = seen.map((one) => one[part]).join("\n");
      const missing = printedSecrets.flatMap(({ name, kept }) =>
        kept.filter((text) => !all.includes(text)).map((text) => `${name}: ${text}`),
      );
      expect(missing).toEqual([]);
    }
    expect([...places()].filter(([place]) => place.includes("dead-letters"))).toHaveLength(1);
  });

  test("in prompts, answers and errors of a model server are seen nowhere but in the answer on stdout", async () => {
    const { run, places, calls, langfuse, sandbox } = await scene("masked");
    let answer = everything;
    const model = await startFakeModel((response, { body }) => {
      if (JSON.stringify(body).includes("refuse me")) refuse(response, 400, answer);
      else openaiAnswer(response, answer);
    });
    const env = { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: `${model.url}/v1` };
    const ask = ["llm", "--model", "openai/gpt-4o", "--max-tokens", "9"];
    writeFileSync(join(sandbox.project, "file.txt"), everything);
    // The answer is the user's own, so it is not looked at here.
    const asked = await sandbox.run(
      [...ask, "--file", "file.txt", "--system", short.map(({ printed }) => printed).join(""), "--json"],
      {
        env: { ...SECRET_ENV, ...env },
      },
    );
    expect(asked).toMatchObject({ code: 0 });
    const { text, ...others } = JSON.parse(asked.stdout) as { text: string };
    expect(text).toBe(everything);
    const shown = new Map([["the rest of --json", JSON.stringify(others) + asked.stderr]]);
    for (const { printed } of short.filter((_, index) => index % 4 === 0)) {
      answer = printed;
      const refused = await run([...ask, `refuse me\n${printed}`, "--task-type", printed], { env });
      expect(refused).toMatchObject({ code: 1 });
      expect(refused.stderr).toContain("refused the call");
    }
    expect(leaks(new Map([...places(), ...shown]), secrets)).toEqual([]);
    expect(calls().length).toBeGreaterThan(8);
    const [first] = langfuse.observations().filter(({ type }) => type === "generation");
    const missing = printedSecrets.flatMap(({ kept }) =>
      kept.filter(
        (part) =>
          first?.output?.includes(part) !== true ||
          first.input?.includes(JSON.stringify(part).slice(1, -1)) !== true,
      ),
    );
    expect(missing).toEqual([]);
  });
});

describe("capture", () => {
  const [secret] = short as [PrintedSecret];
  const SAMPLE = {
    model: "gpt-4o",
    input: 1,
    output: 1,
    prompt: `the prompt ${secret.printed}`,
    response: "the response",
  };
  const call = { ...SAMPLE, metadata: { ticket: "ABC-12" } };

  test.each([
    ["metadata", ["ABC-12"], ["the prompt", "the response"]],
    ["none", [], ["ABC-12", "the prompt", "the response"]],
    ["full", ["ABC-12", "the prompt", "the response", ...secret.secrets], []],
  ])("%s", async (capture, there, gone) => {
    const { run, places } = await scene(capture);
    expect(await run(["tokens", "record", "--stdin"], { stdin: lines([call]) })).toMatchObject({ code: 0 });
    const all = [...places().values()].join("\n");
    expect(there.filter((text) => !all.includes(text))).toEqual([]);
    expect(gone.filter((text) => all.includes(text))).toEqual([]);
  });

  test("full hides the values of secret variables and settings all the same", async () => {
    const { run, places } = await scene("full");
    const prompt = Object.values(KNOWN_VALUES).join(" and ");
    await run(["tokens", "record", "--stdin"], { stdin: lines([{ ...call, prompt }]) });
    expect(leaks(places(), KNOWN_VALUES)).toEqual([]);
  });

  test.each([
    ["a pattern", { masking: { patterns: "EMP-(" } }],
    ["masking.personal", { masking: { personal: "perhaps" } }],
  ])("keeps nothing where %s cannot be read, and says so", async (_, broken) => {
    const { run, places } = await scene("masked", broken);
    const result = await run(["tokens", "record", "--stdin"], { stdin: lines([call]) });
    expect(result).toMatchObject({ code: 0, stderr: expect.stringContaining("masking.") });
    expect([...places().values()].join("\n")).not.toContain("the prompt");
  });
});

describe("personal data", () => {
  const prompt = "ann@example.org, +49 30 1234567, 4111 1111 1111 1111, DE89370400440532013000, EMP-123456.";
  const stdin = lines([
    { model: "gpt-4o", input: 1, output: 1, prompt, metadata: { who: "bob@example.org" } },
  ]);
  const values = prompt.split(", ").map((value) => value.replace(/\.$/, ""));

  test("stays where nobody asked", async () => {
    const { run, calls } = await scene("masked");
    await run(["tokens", "record", "--stdin"], { stdin });
    expect(calls()[0]?.data.input).toEqual({ text: prompt });
  });

  test("is masked where it was asked for, and the user's own patterns with it", async () => {
    const { run, calls, places } = await scene("masked");
    expect(await run(["config", "set", "masking.personal", "on"])).toMatchObject({ code: 0 });
    expect(await run(["config", "set", "masking.patterns", "EMP-\\d{6}"])).toMatchObject({ code: 0 });
    await run(["tokens", "record", "--stdin"], { stdin });
    expect(calls()[0]?.data).toMatchObject({
      input: { text: "***, ***, ***, ***, ***." },
      metadata: { who: "***" },
    });
    expect(leaks(places(), { values, bob: "bob@example.org" })).toEqual([]);
  });

  test("is explained by --show-masked, which neither asks nor records", async () => {
    const { run, calls, places } = await scene("masked", {
      masking: { personal: "on", patterns: "EMP-\\d{6}" },
    });
    const model = await startFakeModel((response) => openaiAnswer(response));
    const env = { OPENAI_BASE_URL: `${model.url}/v1` };
    // Neither a model nor its key is needed for that, and a wrong one does not matter.
    const ask = ["llm", `${prompt} token=abcdef123456`, "--show-masked"];
    const asked = await run(ask, { env });
    expect((await run([...ask, "--model", "nobody/x"], { env })).stdout).toBe(asked.stdout);
    expect(asked).toMatchObject({
      code: 0,
      stderr: "",
      stdout:
        "Would be masked:\n  1  secret, by the name before it\n  1  e-mail address\n  1  IBAN\n  1  card number\n" +
        "  1  phone number\n  1  match of masking.patterns\n",
    });
    const recorded = await run(["tokens", "record", "--stdin", "--show-masked", "--json"], { stdin });
    expect(JSON.parse(recorded.stdout)).toEqual({
      schema: "tta-persona/show-masked/1",
      captures: ["masked"],
      personalData: true,
      masked: [
        { kind: "email", times: 2 },
        { kind: "iban", times: 1 },
        { kind: "card", times: 1 },
        { kind: "phone", times: 1 },
        { kind: "pattern", times: 1 },
      ],
    });
    expect(model.requests()).toEqual([]);
    expect(calls()).toEqual([]);
    expect(leaks(places(), { values })).toEqual([]);
  });

  test("a pattern that is none is refused, with what is wrong", async () => {
    const { run } = await scene("masked");
    expect(await run(["config", "set", "masking.patterns", "EMP-("])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Unterminated group"),
    });
  });
});
