import { createPushgatewayClient, type PushgatewayClient } from "../backend/pushgateway.ts";
import type { PushgatewaySettings } from "../config/settings.ts";

/** The client of the configured Pushgateway. @throws UserError when its URL is none. */
export function createGatewayClient(settings: PushgatewaySettings, version: string): PushgatewayClient {
  const { url, username, password } = settings;
  return createPushgatewayClient({
    url,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    userAgent: `tta-persona/${version}`,
  });
}
