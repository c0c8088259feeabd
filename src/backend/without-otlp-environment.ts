/**
 * Runs `construct` with no `OTEL_EXPORTER_OTLP_*` variable in sight.
 *
 * The exporters read them in their constructors. Most only fill gaps, but headers are merged into the ones
 * given in code (and grpc's credentials are built from the certificates): the key of one backend would be
 * sent to another. This is the one place outside `core/environment` that touches `process.env`, because the
 * exporters offer no other way.
 */
export function withoutOtlpEnvironment<T>(construct: () => T): T {
  const hidden = Object.entries(process.env).filter(([name]) => name.startsWith("OTEL_EXPORTER_OTLP_"));
  for (const [name] of hidden) delete process.env[name];
  try {
    return construct();
  } finally {
    for (const [name, value] of hidden) process.env[name] = value;
  }
}
