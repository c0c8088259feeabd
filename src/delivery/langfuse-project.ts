import type { LangfuseProject } from "../backend/langfuse-http.ts";
import type { LangfuseSettings } from "../config/settings.ts";

/** The project that the settings name. */
export function langfuseProject(settings: LangfuseSettings, version: string): LangfuseProject {
  const { host, publicKey, secretKey, ingestion } = settings;
  return { host, publicKey, secretKey, ingestion, userAgent: `tta-persona/${version}` };
}
