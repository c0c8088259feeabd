import type { Failure } from "../core/errors.ts";
import { err, ok, type Result } from "../core/result.ts";
import { badOption, type OtlpProtocol, type Sourced } from "./otlp-option.ts";

export type Headers = Readonly<Record<string, string>>;

/** RFC 9110's token; a grpc metadata key is narrower (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). */
const HTTP_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const GRPC_NAME = /^(?!grpc-)(?!.*-bin$)[0-9a-z_.-]+$/i;
const HTTP_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const GRPC_VALUE = /^[\x20-\x7e]*$/;

/** `name=value,name=value`, values percent-encoded, as the specification of the OTLP exporter has it. */
export function parseHeaderList(
  source: Sourced | undefined,
  protocol: OtlpProtocol,
): Result<Headers, Failure> {
  if (source === undefined) return ok({});
  const pairs: [string, string][] = [];
  for (const [index, item] of source.value.split(",").entries()) {
    if (item.trim() === "") continue;
    const pair = parsePair(item);
    if (pair === undefined) {
      return err(badOption(source.name, `name=value,…, percent-encoded; entry ${index + 1} is not`));
    }
    pairs.push(pair);
  }
  return checked(source.name, pairs, protocol);
}

function parsePair(item: string): [string, string] | undefined {
  const separator = item.indexOf("=");
  if (separator < 1) return undefined;
  try {
    const [name, value] = [item.slice(0, separator), item.slice(separator + 1)];
    return [decodeURIComponent(name.trim()), decodeURIComponent(value.trim())];
  } catch {
    return undefined;
  }
}

function checked(
  source: string,
  pairs: readonly (readonly [string, string])[],
  protocol: OtlpProtocol,
): Result<Headers, Failure> {
  const [validName, validValue] = protocol === "grpc" ? [GRPC_NAME, GRPC_VALUE] : [HTTP_NAME, HTTP_VALUE];
  for (const [index, [name, value]] of pairs.entries()) {
    if (!validName.test(name) || typeof value !== "string" || !validValue.test(value)) {
      const carrier = protocol === "grpc" ? "gRPC metadata" : "HTTP headers";
      return err(badOption(source, `valid as ${carrier}; entry ${index + 1} is not`));
    }
  }
  return ok(Object.fromEntries(pairs));
}
