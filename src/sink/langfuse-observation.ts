import type { Attributes, AttributeValue, SpanRecord } from "../core/span.ts";
import { blobDirectory, readBlob } from "../journal/blobs.ts";
import { CUT_NOTE, INPUT, OUTPUT } from "./langfuse-generation.ts";
import type { ReplayedSpan } from "./replayed.ts";

/** What every observation says of the program and the place that it comes from. */
export interface LangfuseOrigin {
  readonly blobs: string;
  readonly environment: string;
  readonly release: string | undefined;
  /** Of this program. */
  readonly version: string;
}

/** Langfuse may drop longer ones. */
const MAX_VALUE_LENGTH = 200;

/** Of an input or an output. A span of more than 9.5 MB is lost without a word. */
const MAX_BODY_BYTES = 1024 * 1024;

/** A finished span as Langfuse takes it: what it does not know by name becomes metadata of the observation. */
export function observationOf(span: ReplayedSpan, origin: LangfuseOrigin): SpanRecord {
  const { bodies = [], ...record } = span;
  const { environment, release, version } = origin;
  const attributes: Record<string, AttributeValue> = {
    "langfuse.environment": environment,
    "langfuse.version": version,
    ...(release === undefined ? {} : { "langfuse.release": release }),
    ...levelOf(record.status),
  };
  for (const [name, value] of Object.entries(span.attributes)) {
    if (!name.startsWith("langfuse.")) {
      attributes[`langfuse.observation.metadata.${name.replaceAll(".", "_")}`] = short(value);
    } else if (name === INPUT || name === OUTPUT) {
      attributes[name] = capped(String(value), false);
    } else {
      attributes[name] = LIMITED.test(name) ? short(value) : value;
    }
  }
  for (const { attribute, segment, hash, bytes, isCut } of bodies) {
    const text = readBlob(blobDirectory(origin.blobs, segment), hash);
    attributes[attribute] =
      text === undefined ? `[${bytes} bytes, deleted before they were delivered]` : capped(text, isCut);
  }
  return { ...record, attributes };
}

const LIMITED = /^langfuse\.(?:user\.id|session\.id|trace\.name|trace\.metadata\.|release)/;

function levelOf({ code, message }: SpanRecord["status"]): Attributes {
  return {
    ...(code === "ERROR" ? { "langfuse.observation.level": "ERROR" } : {}),
    ...(message === undefined ? {} : { "langfuse.observation.status_message": message }),
  };
}

function short(value: AttributeValue): string {
  const text = Array.isArray(value) ? value.join(", ") : String(value);
  if (text.length <= MAX_VALUE_LENGTH) return text;
  // Half a surrogate pair is no text.
  return `${text.slice(0, MAX_VALUE_LENGTH - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** Cut at a whole character, and says so. */
function capped(text: string, isCut: boolean): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= MAX_BODY_BYTES) return isCut ? `${text}${CUT_NOTE}` : text;
  let end = MAX_BODY_BYTES - CUT_NOTE.length;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return `${bytes.toString("utf8", 0, end)}${CUT_NOTE}`;
}
