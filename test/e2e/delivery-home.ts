import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSandbox, type Sandbox, type SandboxOptions } from "../support/run-binary.ts";
import { waitFor } from "../support/wait-for.ts";

/** The six built in. */
export const PERSONAS = [
  "backend-engineer",
  "data-scientist",
  "devops-engineer",
  "frontend-engineer",
  "observability-expert",
  "testing-specialist",
] as const;

type Config = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A sandbox whose user has these settings. */
export function configuredSandbox(config: Config, options: SandboxOptions = {}): Sandbox {
  const sandbox = createSandbox(options);
  mkdirSync(sandbox.home, { mode: 0o700 });
  configure(sandbox, config);
  return sandbox;
}

function configure(sandbox: Sandbox, config: Config): void {
  writeFileSync(join(sandbox.home, "config.json"), JSON.stringify(config), { mode: 0o600 });
}

export interface JournalSwitch {
  readonly persona: string;
  readonly chatmode: string;
  readonly from: string;
  readonly spanId: string;
  readonly sampled: boolean;
}

/**
 * The real switches in a journal, told by hand from its files rather than with the program's own reader: lines
 * before the first seal of each segment, of which those that lead to what is active already are none.
 */
export function switchesInJournal(home: string): JournalSwitch[] {
  const directory = join(home, "journal");
  const switches: JournalSwitch[] = [];
  let active = { persona: "none", chatmode: "default" };
  for (const name of list(directory).sort()) {
    const text = readFileSync(join(directory, name), "utf8");
    const [beforeSeal = ""] = text.split('\n{"seal":1}\n');
    const terminated = beforeSeal.slice(0, beforeSeal.lastIndexOf("\n") + 1);
    for (const line of (beforeSeal === text ? terminated : beforeSeal).split("\n")) {
      const fact = parse(line);
      if (fact?.type !== "persona.switched") continue;
      const { persona, chatmode } = fact.data;
      if (persona === active.persona && chatmode === active.chatmode) continue;
      const { spanId, sampled } = fact.trace;
      switches.push({ persona, chatmode, from: active.persona, spanId, sampled });
      active = { persona, chatmode };
    }
  }
  return switches;
}

interface SwitchFact {
  readonly type: string;
  readonly data: { readonly persona: string; readonly chatmode: string };
  readonly trace: { readonly spanId: string; readonly sampled: boolean };
}

function parse(line: string): SwitchFact | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Ids of the background deliverers of this home that are alive. */
export function deliverers(sandbox: Sandbox): number[] {
  return sandbox.processes().filter((pid) => /deliver/.test(commandLine(pid)));
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

export async function oneDeliverer(sandbox: Sandbox): Promise<number> {
  return waitFor(() => (deliverers(sandbox).length === 1 ? deliverers(sandbox)[0] : undefined), {
    what: "exactly one deliverer",
  });
}

export async function noDeliverer(sandbox: Sandbox): Promise<void> {
  await waitFor(() => deliverers(sandbox).length === 0, { what: "the deliverer to end" });
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
