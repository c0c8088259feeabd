import type { Settings } from "../config/settings.ts";
import type { Clock } from "../core/clock.ts";
import type { Environment } from "../core/environment.ts";
import type { Home } from "../core/home.ts";
import type { Budget } from "../projection/llm-facts.ts";

/** What delivering needs from outside. */
export interface DeliveryContext {
  readonly home: Home;
  readonly env: Environment;
  readonly settings: Settings;
  readonly clock: Clock;
  /** Of this program. */
  readonly version: string;
  /** Names of the personas that may be switched to: a CI job on an empty disk shows them at 0 first. */
  readonly personas: () => readonly string[];
  /** What definitions let personas use, by name: where no fact carries a budget, it is theirs that is shown. */
  readonly defaultBudgets: () => ReadonlyMap<string, Budget>;
}
