/**
 * Reads a generator ahead of its own reader, up to `limit` items, so that what the generator does between two items
 * happens in time however slow the reader is. Beyond the limit the reader's pace counts.
 */
export async function* readAhead<Item, Result>(
  source: AsyncGenerator<Item, Result>,
  limit: number,
): AsyncGenerator<Item, Result> {
  const items: Item[] = [];
  let end: { value: Result } | { error: unknown } | undefined;
  let left = false;
  let arrived = () => {};
  let taken = () => {};

  const read = async () => {
    try {
      while (!left) {
        const { value, done } = await source.next();
        if (done) {
          end = { value };
          return;
        }
        items.push(value);
        arrived();
        if (items.length >= limit && !left) await new Promise<void>(resolve => (taken = resolve));
      }
    } catch (error) {
      end = { error };
    } finally {
      arrived();
    }
  };

  void read();
  try {
    for (;;) {
      for (const item of items.splice(0)) {
        taken();
        yield item;
      }
      if (items.length > 0) continue;
      if (end && 'error' in end) throw end.error;
      if (end) return end.value;
      await new Promise<void>(resolve => (arrived = resolve));
    }
  } finally {
    left = true;
    taken();
  }
}
