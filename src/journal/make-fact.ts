import type { Clock } from "../core/clock.ts";
import type { Environment } from "../core/environment.ts";
import { currentOwner } from "../core/owner.ts";
import { randomHex } from "../core/random.ts";
import { resourceFromEnvironment } from "../core/resource.ts";
import type { SpanIdentity } from "../core/span.ts";
import { newSpanIdentity } from "../core/trace-context.ts";
import { FACT_VERSION, type Fact } from "./fact.ts";

export interface FactContext {
  readonly env: Environment;
  readonly clock: Clock;
  /** Of this program. */
  readonly version: string;
}

/**
 * Makes a fact of something that happened now. Trace ids, the sampling decision and the resource are fixed
 * here, so that whoever delivers it later, from another environment, tells the same story.
 */
export function makeFact<Type extends string, Data extends object>(
  context: FactContext,
  fact: { readonly type: Type; readonly scope: string; readonly data: Data; readonly trace?: SpanIdentity },
): Fact<Type, Data> {
  return {
    v: FACT_VERSION,
    id: randomHex(16),
    ts: context.clock.now(),
    type: fact.type,
    scope: fact.scope,
    trace: fact.trace ?? newSpanIdentity(context.env),
    resource: resourceFromEnvironment(context.env, context.version),
    owner: currentOwner(),
    data: fact.data,
  };
}
