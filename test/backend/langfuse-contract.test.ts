import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createLangfuseClient } from "../../src/backend/langfuse.ts";
import {
  createDataset,
  getDataset,
  listDatasets,
  listItems,
  putItem,
} from "../../src/backend/langfuse-datasets.ts";
import type { LangfuseProject } from "../../src/backend/langfuse-http.ts";
import { generationFigures } from "../../src/backend/langfuse-metrics.ts";
import { probeLangfuse } from "../../src/backend/langfuse-probe.ts";
import { createPrompt, getPrompt, labelPrompt, listPrompts } from "../../src/backend/langfuse-prompts.ts";
import type { RecordedRequest } from "../support/behaviour.ts";
import { startFakeLangfuse } from "../support/fake-langfuse.ts";
import { repositoryRoot } from "../support/run-binary.ts";
import { aLangfuseSpan } from "./langfuse-span.ts";

/**
 * What Langfuse's own command line knows of the public API, by the server's version: its paths, parameters and the
 * fields of bodies.
 */
interface Contract {
  readonly operations: readonly {
    readonly method: string;
    readonly path: string;
    readonly parameters: readonly { readonly location: string; readonly name: string }[];
    readonly requestBody?: {
      readonly fields: readonly { readonly name: string; readonly required: boolean }[];
    };
  }[];
}

const require = createRequire(import.meta.url);
const contracts = join(dirname(require.resolve("langfuse-cli/package.json")), "dist/contracts");
const { versions } = read("catalog") as { versions: readonly { version: string }[] };

/** Served there, or answered 404 and told so, before they were written down. */
const undocumented: Readonly<Record<string, readonly string[]>> = {
  // https://langfuse.com/integrations/native/opentelemetry: since 3.22.0.
  "3.50.0": ["POST /otel/v1/traces", "GET /metrics"],
};

function read(name: string): unknown {
  return JSON.parse(readFileSync(join(contracts, `${name}.json`), "utf8"));
}

/** Does all that this program ever asks of a server, and gives what was asked and done. */
async function allRequests(version: string): Promise<readonly RecordedRequest[]> {
  const server = await startFakeLangfuse({ version });
  onTestFinished(server.close);
  const { url: host, publicKey, secretKey } = server;
  const project: LangfuseProject = { host, publicKey, secretKey, ingestion: "otlp", userAgent: "test" };
  const signal = AbortSignal.timeout(20_000);
  const span = aLangfuseSpan();
  for (const ingestion of ["otlp", "legacy"] as const) {
    const client = await createLangfuseClient({ ...project, ingestion }, "1");
    onTestFinished(client.close);
    await client.send([span], 5000);
    await client.findObservations(
      { spanIds: [span.identity.spanId], fromMs: span.startMs, toMs: span.endMs },
      5000,
    );
    await client.score(
      {
        id: "s",
        traceId: span.identity.traceId,
        observationId: span.identity.spanId,
        name: "good",
        value: 1,
        dataType: "BOOLEAN",
        comment: "c",
        environment: "default",
      },
      5000,
    );
  }
  await probeLangfuse(project, signal);
  const text = { name: "folder/ask", content: { type: "text", text: "{{x}}" }, labels: ["a"] } as const;
  const chat = {
    type: "chat",
    messages: [{ role: "user", content: "{{x}}" }, { placeholder: "p" }],
  } as const;
  await createPrompt(project, { ...text, message: "why" }, signal);
  await createPrompt(project, { ...text, content: chat }, signal);
  await getPrompt(project, text.name, { label: "a" }, signal);
  await getPrompt(project, text.name, { version: 1 }, signal);
  await labelPrompt(project, text.name, 1, ["b"], signal);
  await listPrompts(project, signal);
  await createDataset(project, "d/1", "for us", signal);
  await getDataset(project, "d/1", signal);
  await listDatasets(project, signal);
  await putItem(project, "d/1", { id: "i", input: 1, expectedOutput: 2, metadata: {} }, signal);
  await listItems(project, "d/1", signal);
  await generationFigures(project, 1, 2, signal);
  return server.requests();
}

const pathOf = ({ path }: RecordedRequest) => new URL(path, "http://x").pathname.replace("/api/public", "");
const keyOf = (request: RecordedRequest) => `${request.method} ${pathOf(request)}`;
const matches = (template: string, path: string) =>
  new RegExp(`^${template.replace(/\{[^}]*\}/g, "[^/]+")}$`).test(path);

test.each(versions)(
  "everything that is asked of a server of version $version is in its contract",
  async ({ version }) => {
    const { operations } = read(version) as Contract;
    const done = (await allRequests(version)).filter(({ answered }) => Number(answered) < 300);
    expect(done.length).toBeGreaterThan(15);
    for (const request of done) {
      const key = keyOf(request);
      if (undocumented[version]?.includes(key) === true) continue;
      const url = new URL(request.path, "http://x");
      const operation = operations.find(
        ({ method, path }) => method === request.method && matches(path, url.pathname),
      );
      expect(operation, key).toBeDefined();
      const known = operation?.parameters.flatMap(({ location, name }) =>
        location === "query" ? [name] : [],
      );
      expect(known, key).toEqual(expect.arrayContaining([...url.searchParams.keys()]));
      if (request.headers["content-type"]?.startsWith("application/json") !== true) continue;
      const sent = Object.keys(JSON.parse(request.body.toString("utf8")) as object);
      const fields = operation?.requestBody?.fields ?? [];
      expect(
        fields.map(({ name }) => name),
        key,
      ).toEqual(expect.arrayContaining(sent));
      const required = fields.flatMap((field) => (field.required ? [field.name] : []));
      expect(sent, key).toEqual(expect.arrayContaining(required));
    }
  },
);

test("no path in the sources was left out of that", async () => {
  const asked = [...(await allRequests("3.200.0")), ...(await allRequests("4.35.0"))].map(pathOf);
  const directory = join(repositoryRoot, "src/backend");
  const paths = readdirSync(directory)
    .filter((file) => file.startsWith("langfuse"))
    .flatMap((file) => [
      ...readFileSync(join(directory, file), "utf8").matchAll(/["`](\/[a-z][^"`\s]*)["`]/g),
    ])
    .map(([, path = ""]) => path.replace(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, "{x}"))
    .filter((path) => !path.startsWith("/api/public"));
  expect(paths.length).toBeGreaterThan(10);
  expect(paths.filter((path) => !asked.some((one) => matches(path, one)))).toEqual([]);
});
