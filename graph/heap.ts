/**
 * Owns a binary heap of small integers: the smallest comes out first.
 * It knows nothing of tasks; the schedule puts ranks in it.
 *
 * @module
 */

/** A min-heap over integers, O(log n) a push and a pop. */
export class Heap {
  readonly #items: number[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** The smallest, or undefined when it is empty. */
  get first(): number | undefined {
    return this.#items[0];
  }

  /** So many of them, if there are, which are among the smaller ones. */
  front(most: number): readonly number[] {
    return this.#items.slice(0, most);
  }

  push(item: number): void {
    const items = this.#items;
    let at = items.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent] <= item) break;
      items[at] = items[parent];
      at = parent;
    }
    items[at] = item;
  }

  /** Takes out the smallest, or undefined when it is empty. */
  pop(): number | undefined {
    const items = this.#items;
    if (items.length === 0) return undefined;
    const top = items[0];
    const last = items.pop()!;
    const size = items.length;
    if (size === 0) return top;
    let at = 0;
    while (true) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && items[child + 1] < items[child]) child++;
      if (items[child] >= last) break;
      items[at] = items[child];
      at = child;
    }
    items[at] = last;
    return top;
  }
}
