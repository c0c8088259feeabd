import { type OtlpDestination, otlpConfigFromEnvironment } from "../backend/otlp-config.ts";
import type { LangfuseSettings, PushgatewaySettings } from "../config/settings.ts";
import type { Failure } from "../core/errors.ts";
import { hashText } from "../core/hash.ts";
import { withoutUserinfo } from "../core/url.ts";
import type { Cursor } from "../journal/segments.ts";
import { checkpointPath, readCheckpoint, type SinkHealth, type SinkName } from "../sink/checkpoint.ts";
import { type PushIdentity, pushIdentity } from "../sink/identity.ts";
import type { DeliveryContext } from "./context.ts";

/** A place that facts are delivered to; the hash tells its checkpoint from those of other places. */
export type Destination =
  | { readonly sink: "otlp"; readonly hash: string; readonly config: OtlpDestination }
  | { readonly sink: "langfuse"; readonly hash: string; readonly settings: LangfuseSettings }
  | {
      readonly sink: "pushgateway";
      readonly hash: string;
      readonly settings: PushgatewaySettings;
      readonly identity: PushIdentity;
    };

export interface Destinations {
  readonly destinations: readonly Destination[];
  readonly misconfigured: readonly Misconfigured[];
}

export interface Misconfigured {
  readonly sink: SinkName;
  readonly failure: Failure;
}

/** Every sink that the settings and the environment switch on. Reads, and writes nothing. */
export function resolveDestinations(context: DeliveryContext): Destinations {
  const destinations: Destination[] = [];
  const misconfigured: Misconfigured[] = [];
  const { endpoint, protocol, headers } = context.settings.otlp;
  const otlp = otlpConfigFromEnvironment(context.env, {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(protocol === undefined ? {} : { protocol }),
    ...(headers === undefined ? {} : { headers }),
  });
  if (!otlp.ok) misconfigured.push({ sink: "otlp", failure: otlp.error });
  else if (otlp.value !== undefined) {
    // By its endpoint alone: a token that is renewed does not make it another place.
    const hash = hashText(otlp.value.endpoint);
    destinations.push({ sink: "otlp", hash, config: otlp.value });
  }
  const settings = context.settings.pushgateway;
  if (settings !== undefined) {
    const identity = pushIdentity(context.home, context.env, settings.instance, context.clock.now());
    const hash = hashText(JSON.stringify([withoutUserinfo(settings.url), identity.group]));
    destinations.push({ sink: "pushgateway", hash, settings, identity });
  }
  const langfuse = context.settings.langfuse;
  if (langfuse !== undefined) {
    const hash = hashText(JSON.stringify([withoutUserinfo(langfuse.host), langfuse.publicKey]));
    destinations.push({ sink: "langfuse", hash, settings: langfuse });
  }
  return { destinations, misconfigured };
}

/** Where a sink stands, by its checkpoint. */
export interface SinkStanding {
  readonly name: SinkName;
  readonly cursor: Cursor;
  readonly health: SinkHealth;
}

/** @returns a standing at the journal's beginning for a destination that nothing was delivered to yet. */
export function readStanding(context: DeliveryContext, { sink, hash }: Destination): SinkStanding {
  const checkpoint = readCheckpoint<unknown>(checkpointPath(context.home, sink, hash));
  return {
    name: sink,
    cursor: checkpoint?.cursor ?? { segment: 1, offset: 0, seq: 0 },
    health: checkpoint?.state.health ?? { failures: {}, dropped: {} },
  };
}

/** Until when a sink shows 0 for what it holds back; undefined when it holds nothing. */
export function readHeldUntil(context: DeliveryContext, { sink, hash }: Destination): number | undefined {
  const path = checkpointPath(context.home, sink, hash);
  return readCheckpoint<{ readonly dueAt?: number | null }>(path)?.state.own?.dueAt ?? undefined;
}
