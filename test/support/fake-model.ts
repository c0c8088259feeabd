import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import { listenOn } from "./listener.ts";

export interface ModelRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface FakeModel {
  /** Without a path. */
  readonly url: string;
  requests(): readonly ModelRequest[];
}

type Answer = (response: ServerResponse, request: ModelRequest, index: number) => void;

/** A model server of one test's own, which answers each request as the test has it. */
export async function startFakeModel(answer: Answer): Promise<FakeModel> {
  const { close, ...model } = await serveModel(answer);
  onTestFinished(close);
  return model;
}

/** The same for as long as somebody wants, who closes it. */
export async function serveModel(answer: Answer): Promise<FakeModel & { close(): Promise<void> }> {
  const requests: ModelRequest[] = [];
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const request = {
      path: incoming.url ?? "",
      headers: incoming.headers,
      body: JSON.parse(Buffer.concat(chunks).toString()) as ModelRequest["body"],
    };
    answer(response, request, requests.push(request) - 1);
  });
  const listener = await listenOn(server);
  return {
    url: `http://127.0.0.1:${listener.port}`,
    requests: () => requests,
    close: async () => {
      await listener.shut();
    },
  };
}

function eventStream(response: ServerResponse) {
  response.writeHead(200, { "content-type": "text/event-stream" });
}

/** Pieces of an answer in the form of OpenAI's chat completions, as recorded from the real one. */
export function openaiChunk(response: ServerResponse, content: string) {
  if (!response.headersSent) eventStream(response);
  writeChunk(response, {
    choices: [{ index: 0, delta: { role: "assistant", content }, finish_reason: null }],
  });
}

const OPENAI_USAGE = {
  prompt_tokens: 10_000,
  completion_tokens: 1000,
  total_tokens: 11_000,
  prompt_tokens_details: { cached_tokens: 4000, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 300, audio_tokens: 0 },
};

export function openaiEnd(
  response: ServerResponse,
  { reason = "stop", usage = OPENAI_USAGE }: { reason?: string; usage?: object | null } = {},
) {
  writeChunk(response, { choices: [{ index: 0, delta: {}, finish_reason: reason }] });
  if (usage !== null) writeChunk(response, { choices: [], usage });
  response.end("data: [DONE]\n\n");
}

export function openaiAnswer(response: ServerResponse, text = "It is a fold.") {
  for (const word of text.split(/(?<= )/)) openaiChunk(response, word);
  openaiEnd(response);
}

function writeChunk(response: ServerResponse, chunk: object) {
  const common = {
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1,
    model: "gpt-4o-2024-08-06",
  };
  response.write(`data: ${JSON.stringify({ ...common, ...chunk })}\n\n`);
}

const ANTHROPIC_MESSAGE = { id: "msg_1", type: "message", role: "assistant" };
const ANTHROPIC_MODEL = "claude-sonnet-4-5-20250929";

/** How the input is told; 400 of the 1000 tokens written to the cache are kept for an hour. */
export const ANTHROPIC_INPUT = {
  input_tokens: 5000,
  cache_creation_input_tokens: 1000,
  cache_read_input_tokens: 4000,
  cache_creation: { ephemeral_5m_input_tokens: 600, ephemeral_1h_input_tokens: 400 },
};

/** The beginning of an answer in the form of Anthropic's messages: its input is told, and a first piece of text. */
export function anthropicBegin(response: ServerResponse, text: string) {
  eventStream(response);
  writeEvents(response, [
    {
      type: "message_start",
      message: {
        ...ANTHROPIC_MESSAGE,
        content: [],
        model: ANTHROPIC_MODEL,
        stop_reason: null,
        stop_sequence: null,
        usage: { ...ANTHROPIC_INPUT, output_tokens: 1 },
      },
    },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "ping" },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text } },
  ]);
}

/** An answer in that form: its usage is told in two parts. */
export function anthropicAnswer(response: ServerResponse, text = "It is a fold.") {
  anthropicBegin(response, text);
  writeEvents(response, [
    { type: "content_block_stop", index: 0 },
    {
      type: "message_delta",
      delta: { stop_reason: "end_turn", stop_sequence: null },
      usage: { output_tokens: 1000 },
    },
    { type: "message_stop" },
  ]);
  response.end();
}

/** The same in one piece. */
export function anthropicWhole(response: ServerResponse, text = "It is a fold.") {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(
    JSON.stringify({
      ...ANTHROPIC_MESSAGE,
      model: ANTHROPIC_MODEL,
      content: [{ type: "text", text }],
      stop_reason: "end_turn",
      stop_sequence: null,
      usage: { ...ANTHROPIC_INPUT, output_tokens: 1000 },
    }),
  );
}

function writeEvents(response: ServerResponse, events: readonly Readonly<Record<string, unknown>>[]) {
  for (const event of events) response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}

/** An error as both providers put it. */
export function refuse(response: ServerResponse, status: number, message: string, headers = {}) {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify({ type: "error", error: { type: "some_error", message } }));
}
