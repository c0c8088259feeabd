import type { ReceivedSpan } from "./otlp-spans.ts";

/** An observation as Langfuse makes it of a span. */
export interface ReceivedObservation {
  readonly id: string;
  readonly traceId: string;
  readonly parentId: string | undefined;
  readonly name: string;
  readonly type: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly level: string;
  readonly statusMessage: string | undefined;
  readonly input: string | undefined;
  readonly output: string | undefined;
  readonly model: string | undefined;
  readonly modelParameters: unknown;
  readonly usageDetails: Readonly<Record<string, number>> | undefined;
  readonly costDetails: Readonly<Record<string, number>> | undefined;
  readonly completionStartTime: unknown;
  readonly prompt: { readonly name: string; readonly version: number } | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly userId: string | undefined;
  readonly sessionId: string | undefined;
  readonly traceName: string | undefined;
  readonly tags: readonly string[];
  /** What is known of the experiment that it belongs to, without the names' common beginning. */
  readonly experiment: Readonly<Record<string, unknown>>;
  readonly traceMetadata: Readonly<Record<string, unknown>>;
  readonly environment: string | undefined;
  readonly release: string | undefined;
  readonly version: string | undefined;
}

export function observationOfSpan({ attributes, ...span }: ReceivedSpan): ReceivedObservation {
  const own = (name: string) => attributes[`langfuse.${name}`];
  const text = (name: string) => own(name) as string | undefined;
  const json = (name: string) => (own(name) === undefined ? undefined : JSON.parse(String(own(name))));
  const below = (prefix: string) =>
    Object.fromEntries(
      Object.entries(attributes).flatMap(([key, value]) =>
        key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [],
      ),
    );
  const prompt = text("observation.prompt.name");
  return {
    id: span.spanId,
    traceId: span.traceId,
    parentId: span.parentSpanId,
    name: span.name,
    type: text("observation.type") ?? "span",
    startMs: span.startMs,
    endMs: span.endMs,
    level: text("observation.level") ?? "DEFAULT",
    statusMessage: text("observation.status_message"),
    input: text("observation.input"),
    output: text("observation.output"),
    model: text("observation.model.name"),
    modelParameters: json("observation.model.parameters"),
    usageDetails: json("observation.usage_details"),
    costDetails: json("observation.cost_details"),
    completionStartTime: json("observation.completion_start_time"),
    prompt:
      prompt === undefined ? undefined : { name: prompt, version: Number(own("observation.prompt.version")) },
    metadata: below("langfuse.observation.metadata."),
    userId: text("user.id"),
    sessionId: text("session.id"),
    traceName: text("trace.name"),
    tags: (own("trace.tags") as readonly string[] | undefined) ?? [],
    experiment: below("langfuse.experiment."),
    traceMetadata: below("langfuse.trace.metadata."),
    environment: text("environment"),
    release: text("release"),
    version: text("version"),
  };
}

/** An observation as servers before version 4 make it of an event of the ingestion API. */
export function observationOfEvent(
  type: string,
  body: Readonly<Record<string, unknown>>,
  trace: Readonly<Record<string, unknown>>,
): ReceivedObservation {
  const { name, userId, sessionId, tags = [], release, metadata: traceMetadata } = trace;
  const {
    promptName,
    promptVersion,
    parentObservationId,
    startTime,
    endTime,
    level = "DEFAULT",
    ...rest
  } = body;
  return {
    ...rest,
    type: type.replace("-create", ""),
    parentId: parentObservationId,
    startMs: Date.parse(String(startTime)),
    endMs: Date.parse(String(endTime ?? startTime)),
    level,
    prompt: promptName === undefined ? undefined : { name: promptName, version: promptVersion },
    traceName: name,
    userId,
    sessionId,
    tags,
    release,
    traceMetadata,
  } as unknown as ReceivedObservation;
}

/** What the real one drops or stores wrongly without a word. */
export function silentProblems({ attributes, spanId }: ReceivedSpan): string[] {
  const problems: string[] = [];
  const note = (problem: string) => problems.push(`${spanId}: ${problem}`);
  for (const [key, value] of Object.entries(attributes)) {
    if (/^langfuse\.(user\.id|session\.id|(trace|observation)\.metadata\.)/.test(key)) {
      if (typeof value !== "string" || value.length > 200)
        note(`${key} is no text of at most 200 characters`);
    }
    if (/_details$|model\.parameters$|completion_start_time$/.test(key) && typeof value !== "string")
      note(`${key} is no JSON text`);
    if (!key.startsWith("langfuse.")) note(`${key} is none of Langfuse's attributes`);
  }
  const experiment = Object.keys(attributes).filter((key) => key.startsWith("langfuse.experiment."));
  if (experiment.length > 0) {
    // Without all of them the item is in no experiment.
    for (const name of ["id", "name", "item.id", "item.root_observation_id"]) {
      if (typeof attributes[`langfuse.experiment.${name}`] !== "string")
        note(`no langfuse.experiment.${name}`);
    }
  }
  const usage = attributes["langfuse.observation.usage_details"];
  const counts = usage === undefined ? [] : Object.values(JSON.parse(String(usage)) as object);
  if (!counts.every((count) => Number.isSafeInteger(count) && count >= 0)) note("usage is no whole numbers");
  const environment = attributes["langfuse.environment"];
  if (!/^(?!langfuse)[a-z0-9_-]{1,40}$/.test(String(environment))) note("no valid environment");
  for (const name of ["langfuse.user.id", "langfuse.session.id", "langfuse.trace.name", "langfuse.version"]) {
    if (attributes[name] === undefined) note(`no ${name}`);
  }
  return problems;
}
