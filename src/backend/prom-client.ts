/**
 * prom-client, to be loaded with `await import("./prom-client.ts")`. The detour is for the bundle: imported
 * dynamically, a CommonJS package keeps only its default export there.
 */
export { Pushgateway, Registry } from "prom-client";
