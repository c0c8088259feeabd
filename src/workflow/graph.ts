/** What the order of stages depends on. */
export interface Node {
  readonly id: string;
  readonly needs: readonly string[];
}

/** Everything that has to be over before this one, directly or not. Itself only within a cycle. */
export function ancestorsOf(nodes: readonly Node[], id: string): ReadonlySet<string> {
  return reach(id, (from) => nodes.find((node) => node.id === from)?.needs ?? []);
}

/** Everything that waits for this one, directly or not. */
export function descendantsOf(nodes: readonly Node[], id: string): ReadonlySet<string> {
  return reach(id, (from) => nodes.filter(({ needs }) => needs.includes(from)).map((node) => node.id));
}

function reach(start: string, next: (id: string) => readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [...next(start)];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    open.push(...next(id));
  }
  return found;
}

/** A shortest cycle through the first stage that lies on one, from that stage to itself: `a`, `b`, `a`. */
export function findCycle(nodes: readonly Node[]): readonly string[] | undefined {
  const needsOf = new Map(nodes.map(({ id, needs }) => [id, needs]));
  for (const { id: start } of nodes) {
    const cameFrom = new Map<string, string>();
    const open = [start];
    for (let id = open.shift(); id !== undefined; id = open.shift()) {
      for (const next of needsOf.get(id) ?? []) {
        if (next === start) return trace(cameFrom, start, id);
        if (cameFrom.has(next) || !needsOf.has(next)) continue;
        cameFrom.set(next, id);
        open.push(next);
      }
    }
  }
  return undefined;
}

function trace(cameFrom: ReadonlyMap<string, string>, start: string, last: string): readonly string[] {
  const cycle = [start];
  for (let id: string | undefined = last; id !== undefined && id !== start; id = cameFrom.get(id)) {
    cycle.unshift(id);
  }
  return [start, ...cycle];
}
