// One span through OpenTelemetry's own SDK, configured by the environment alone: the reference for how the standard
// variables are read.
const { api, NodeSDK } = require("@opentelemetry/sdk-node");

const sdk = new NodeSDK();
sdk.start();
api.trace.getTracer("reference").startSpan("reference").end();
sdk.shutdown();
