import * as z from "zod";
import { FACT_VERSION, LAST_TIME } from "./fact.ts";

const id = (digits: number) =>
  z
    .string()
    .length(digits)
    .regex(/^[0-9a-f]*[1-9a-f][0-9a-f]*$/);

/** The envelope of every fact; `data` is described by the room that makes the fact. */
export const factSchema = z.object({
  v: z.literal(FACT_VERSION),
  id: z.string().regex(/^[0-9a-f]{32}$/),
  ts: z.number().min(0).max(LAST_TIME),
  type: z.string().regex(/^[a-z]+(\.[a-z_]+)+$/),
  scope: z.string().min(1),
  trace: z.object({
    traceId: id(32),
    spanId: id(16),
    parentSpanId: id(16).optional(),
    sampled: z.boolean(),
    state: z.string().optional(),
  }),
  resource: z.record(z.string(), z.string()),
  owner: z.object({ host: z.string(), boot: z.string(), pid: z.int(), start: z.string() }),
  data: z.record(z.string(), z.unknown()),
});
