import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ledgerMetrics, momentMetrics } from "../../src/projection/metric-catalogue.ts";
import { type FakeLangfuse, startFakeLangfuse } from "../support/fake-langfuse.ts";
import { openaiAnswer, serveModel } from "../support/fake-model.ts";
import { type CodeBlock, codeBlocksOf } from "../support/markdown.ts";
import { realServersAvailable } from "../support/real-servers.ts";
import { createSandbox, repositoryRoot, type Sandbox } from "../support/run-binary.ts";
import {
  isRun,
  markingProblem,
  nameOfBlock,
  runPromqlBlock,
  runShellBlock,
  writeFileBlock,
} from "../support/run-documents.ts";
import { LANGFUSE_FIGURES, type Measured, startMeasured } from "./measured.ts";

type Env = Readonly<Record<string, string>>;

const blocks = ["user-guide.md", "metrics.md", "migrating.md"].flatMap((name) =>
  codeBlocksOf(name, readFileSync(join(repositoryRoot, "docs", name), "utf8")),
);

/** What closes the servers of the tests' end. */
const opened: (() => Promise<void>)[] = [];

/** A model that tells bugs from questions. */
async function model(): Promise<Env> {
  const { url, close } = await serveModel((response, { body }) => {
    openaiAnswer(response, /crash/.test(JSON.stringify(body.messages)) ? "bug" : "question");
  });
  opened.push(close);
  return { OPENAI_API_KEY: "sk-test-0123456789abcdef", OPENAI_BASE_URL: `${url}/v1` };
}

let langfuse: FakeLangfuse;

/** States that blocks need, by the name that they give them. @returns variables on top of the others. */
const given: Readonly<Record<string, () => Promise<Env>>> = {
  model,
  async langfuse() {
    langfuse = await startFakeLangfuse();
    opened.push(langfuse.close);
    langfuse.library.metrics = LANGFUSE_FIGURES;
    return {
      ...(await model()),
      LANGFUSE_HOST: langfuse.url,
      LANGFUSE_PUBLIC_KEY: langfuse.publicKey,
      LANGFUSE_SECRET_KEY: langfuse.secretKey,
      TTA_PERSONA_DELIVERY: "foreground",
    };
  },
};

test("blocks are marked as the harness knows it, and nearly all are run", () => {
  const problems = blocks.map((block) => [nameOfBlock(block), markingProblem(block)] as const);
  expect(problems.filter(([, problem]) => problem !== undefined)).toEqual([]);
  expect(blocks.filter((block) => !isRun(block)).map(({ text }) => text.split("\n")[0])).toEqual([
    "npm install -g tta-persona",
    'export GRAFANA_ADMIN_PASSWORD="$(openssl rand -hex 16)"',
    "npm run stack",
    "tta-persona config set langfuse.publicKey pk-lf-…",
  ]);
  const known = blocks.filter(
    ({ language, info }) => language === "sh" || language === "promql" || "file" in info || "ci" in info,
  );
  expect(blocks.filter((block) => !known.includes(block)).map(nameOfBlock)).toEqual([]);
});

test("metrics.md has an example for every metric", () => {
  const queries = blocks.filter(({ file }) => file === "metrics.md").map(({ text }) => text);
  const all = [...Object.values(ledgerMetrics), ...Object.values(momentMetrics)];
  const without = all.filter(({ name }) => !queries.some((query) => query.includes(name)));
  expect(without).toEqual([]);
});

describe.skipIf(!realServersAvailable())("what the guides show", () => {
  let measured: Measured;
  const sessions = new Map<string, Promise<{ readonly sandbox: Sandbox; readonly env: Env }>>();

  beforeAll(async () => {
    measured = await startMeasured();
    opened.push(measured.close);
  });

  afterAll(async () => {
    for (const close of opened.toReversed()) await close();
  });

  /** The sandbox of a block's session, made at its first block. */
  function sessionOf(block: CodeBlock) {
    const name = block.info.session ?? nameOfBlock(block);
    const known = sessions.get(name);
    if (known !== undefined) return known;
    const begun = begin(block);
    sessions.set(name, begun);
    return begun;
  }

  async function begin({ info }: CodeBlock) {
    const sandbox = createSandbox();
    opened.push(sandbox.dispose);
    if (info.given !== undefined) expect(Object.keys(given)).toContain(info.given);
    const more = info.given === undefined ? {} : await given[info.given]?.();
    return {
      sandbox,
      env: { PUSHGATEWAY_URL: measured.gatewayUrl, TTA_PERSONA_DELIVERY: "off", ...more },
    };
  }

  const inOrder = blocks.filter(isRun).filter(({ info }) => !("ci" in info));
  test.each(inOrder.map((block) => [nameOfBlock(block), block] as const))("%s", async (_, block) => {
    if (block.language === "promql") {
      expect(await runPromqlBlock(block, measured.prometheus)).toBeUndefined();
      return;
    }
    const { sandbox, env } = await sessionOf(block);
    if ("file" in block.info) writeFileBlock(block, sandbox);
    else expect(await runShellBlock(block, sandbox, env)).toBeUndefined();
  });

  test("Langfuse has both versions of the prompt, the experiments, and their scores", () => {
    expect(langfuse.problems()).toEqual([]);
    const prompts = langfuse.library.prompts().map(({ version, labels }) => ({ version, labels }));
    expect(prompts).toMatchObject([{ version: 1 }, { version: 2 }]);
    expect(prompts[1]?.labels).toContain("production");
    expect(langfuse.scores().length).toBeGreaterThanOrEqual(12);
    const asked = langfuse.observations().filter(({ type }) => type === "generation");
    expect(asked.length).toBeGreaterThanOrEqual(13);
  });
});
