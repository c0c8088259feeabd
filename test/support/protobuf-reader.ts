/** A message's fields by number: name in the result, type, and whether it repeats. */
export type MessageShape = () => Readonly<Record<number, readonly [string, FieldType, "repeated"?]>>;
type FieldType =
  | "string"
  | "hex"
  | "base64"
  | "bool"
  | "double"
  | "int"
  | "fixed64"
  | "fixed32"
  | MessageShape;

/**
 * Decodes a protobuf message into plain objects as protobuf's JSON mapping has them, with OTLP's deviation: ids
 * are hex. 64-bit integers become decimal strings. Unknown fields are skipped; malformed bytes throw.
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
export function readMessage(shape: MessageShape, bytes: Uint8Array): Record<string, unknown> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields = shape();
  const message: Record<string, unknown> = {};
  let position = 0;
  while (position < buffer.length) {
    const tag = Number(varint());
    const value = rawValue(tag & 7);
    const field = fields[tag >>> 3];
    if (field === undefined) continue;
    const [name, type, repeated] = field;
    if (repeated === undefined) message[name] = interpret(type, value);
    else message[name] = [...((message[name] as unknown[] | undefined) ?? []), interpret(type, value)];
  }
  return message;

  function varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = take(1).readUInt8();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new Error("varint of more than 10 bytes");
  }

  function rawValue(wireType: number): bigint | Buffer {
    switch (wireType) {
      case 0:
        return varint();
      case 1:
        return take(8);
      case 2:
        return take(Number(varint()));
      case 5:
        return take(4);
      default:
        throw new Error(`wire type ${wireType}`);
    }
  }

  function take(length: number): Buffer {
    if (position + length > buffer.length) throw new Error("message ends in the middle of a field");
    position += length;
    return buffer.subarray(position - length, position);
  }
}

function interpret(type: FieldType, value: bigint | Buffer): unknown {
  if (typeof value === "bigint") {
    if (type === "bool") return value !== 0n;
    if (type === "int") return String(BigInt.asIntN(64, value));
  } else {
    if (typeof type === "function") return readMessage(type, value);
    if (type === "string") return value.toString("utf8");
    if (type === "hex") return value.toString("hex");
    if (type === "base64") return value.toString("base64");
    if (type === "double" && value.length === 8) return value.readDoubleLE();
    if (type === "fixed64" && value.length === 8) return String(value.readBigUInt64LE());
    if (type === "fixed32" && value.length === 4) return value.readUInt32LE();
  }
  throw new Error(`field of type ${typeof type === "function" ? "message" : type} with the wrong wire type`);
}
