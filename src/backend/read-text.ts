/** Far more than any answer has; one that goes on for longer would fill our memory until the deadline. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** An answer's body. @throws an error with the code `ERR_ANSWER_TOO_LONG`; the network's errors. */
export async function readText({ body }: Pick<Response, "body">): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Whoever leaves the loop closes the connection.
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) {
      throw Object.assign(new Error("The answer is too long."), { code: "ERR_ANSWER_TOO_LONG" });
    }
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}
