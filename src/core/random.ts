/**
 * Random bytes as hex, for ids and names of temporary files, the way OpenTelemetry's SDK makes its ids
 * (sdk-trace-base, `RandomIdGenerator`): V8 seeds its generator from the kernel for each process. Nothing that
 * somebody might want to guess. Asking the kernel for each costs a tenth of a millisecond, loading `node:crypto`
 * three to five, and a hot command has two or three for everything.
 */
export function randomHex(bytes: number): string {
  let hex = "";
  while (hex.length < 2 * bytes) {
    hex += Math.floor(Math.random() * 0x100000000)
      .toString(16)
      .padStart(8, "0");
  }
  return hex.slice(0, 2 * bytes);
}
