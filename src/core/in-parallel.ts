/**
 * Works on all items, so many at a time, in their order.
 *
 * @param isOver asked before each: from then on no other is begun.
 * @returns results in the items' order; undefined for those that were not begun.
 */
export async function inParallel<Item, Done>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item, index: number) => Promise<Done>,
  isOver: () => boolean = () => false,
): Promise<readonly (Done | undefined)[]> {
  const results: (Done | undefined)[] = items.map(() => undefined);
  const queue = items.entries();
  const worker = async () => {
    // The iterator is shared, so that each takes what is next.
    for (const [index, item] of queue) {
      if (isOver()) return;
      results[index] = await work(item, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
