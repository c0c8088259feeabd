/**
 * What of https://github.com/compose-spec/compose-spec/blob/main/spec.md our file may use, and nothing else: a
 * misspelt key, which Docker may take for something of its own, is an error here.
 */

const duration = { type: "string", pattern: "^(?:\\d+(?:ms|s|m|h))+$" };
const name = { type: "string", pattern: "^[a-z0-9][a-z0-9_.-]*$" };

const strictObject = (properties: object, required: readonly string[] = []) => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
});

const mapOf = (value: object) => ({ type: "object", propertyNames: name, additionalProperties: value });

const healthcheck = strictObject(
  {
    // A list, so that no shell is needed in the image.
    test: { type: "array", minItems: 2, prefixItems: [{ const: "CMD" }], items: { type: "string" } },
    interval: duration,
    timeout: duration,
    start_period: duration,
    retries: { type: "integer", minimum: 1 },
  },
  ["test", "interval", "timeout", "retries"],
);

const service = strictObject(
  {
    // With a registry's path and an exact version, never a moving tag.
    image: { type: "string", pattern: "^[a-z0-9.-]+/[a-z0-9.-]+:v?\\d+\\.\\d+\\.\\d+$" },
    command: { type: "array", items: { type: "string" } },
    environment: { type: "object", additionalProperties: { type: "string" } },
    ports: { type: "array", items: { type: "string", pattern: "^127\\.0\\.0\\.1:\\d+:\\d+$" } },
    volumes: {
      type: "array",
      // Files of ours are mounted read-only, volumes are named.
      items: { type: "string", pattern: "^(?:\\.\\.?/[^:]+:/[^:]+:ro|[a-z]+:/[^:]+)$" },
    },
    healthcheck,
    depends_on: mapOf(strictObject({ condition: { enum: ["service_healthy"] } }, ["condition"])),
    restart: { const: "unless-stopped" },
  },
  ["image", "ports", "volumes", "restart"],
);

export const composeSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  ...strictObject({ name, services: mapOf(service), volumes: mapOf({ type: "null" }) }, [
    "name",
    "services",
    "volumes",
  ]),
};
