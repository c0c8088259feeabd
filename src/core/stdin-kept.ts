/**
 * Standard input can be read once. What a hot bundle has read before it left the decision to the full program, which
 * is another bundle in the same process, lies here.
 */
const KEY = Symbol.for("tta-persona.stdin");

const shared = globalThis as typeof globalThis & { [KEY]?: string };

export function keepStdin(text: string): void {
  shared[KEY] = text;
}

export function keptStdin(): string | undefined {
  return shared[KEY];
}
