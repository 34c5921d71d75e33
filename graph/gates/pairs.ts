/**
 * Owns the search for pairs of tasks that meet: members of a group that nothing keeps apart. It knows no files and no
 * severities, only who touches what, how, and what the graph puts in order.
 *
 * Groups can be large (a header that 10 000 tasks include makes 50 million pairs), so only the first pairs of each kind
 * are kept and the others are counted, 32 at a time: a bit for each earlier member, less the bits of those the task
 * depends on. Such bits for all tasks would take n² of them, so blocks of tasks get theirs one after another.
 *
 * @module
 */
import type { Graph } from "../graph.ts";
import { BitSet } from "./bit_set.ts";
import { type FileGroup, NONE, READS, touchOf, WRITES } from "./files.ts";

/** How two tasks meet, the worst first. */
export type Meeting = "write-write" | "read-write" | "read-read";

/** Two tasks, the one declared first first, and what they meet at. */
export interface Pair {
  readonly first: number;
  readonly second: number;
  readonly at: string;
  readonly meeting: Meeting;
}

/** The pairs that were found. */
export interface Pairs {
  /** The worst first, then in declared order; not all of them. */
  readonly listed: readonly Pair[];
  /** All of them. */
  readonly counts: Readonly<Record<Meeting, number>>;
}

const MEETINGS: readonly Meeting[] = ["write-write", "read-write", "read-read"];
/** How many of each kind are listed. */
const LISTED: Readonly<Record<Meeting, number>> = { "write-write": 1000, "read-write": 1000, "read-read": 100 };
/** Up to so many that name it, looking at each pair costs less than bits for all. */
const FEW = 16;
const MOST_WORDS = 8 * 1024 * 1024;

/** Pairs of touches (see {@linkcode touchOf}) to 1 + the index of their meeting, or 0: what one has itself meets all of the other. */
const TABLE = meetingTable();

/** What keeps tasks apart: a graph without cycles, and an order in which each of its tasks follows its dependencies. */
export interface Ordering {
  readonly graph: Graph;
  readonly order: Int32Array;
}

/** For tasks that nothing keeps apart. */
export function noOrdering(size: number): Ordering {
  const none = new Int32Array(0), start = new Int32Array(size + 1);
  const graph = {
    size,
    dependencyStart: start,
    dependencies: none,
    inputEnd: start,
    dependentStart: start,
    dependents: none,
  };
  return { graph, order: Int32Array.from({ length: size }, (_, task) => task) };
}

/** Finds the pairs within groups that are left without an order. */
export function findPairs(groups: readonly FileGroup[], ordering: Ordering): Pairs {
  const finder = new PairFinder();
  const position = new Int32Array(ordering.graph.size);
  ordering.order.forEach((task, at) => position[task] = at);
  const sorted = groups.map((group) => inOrder(group, position));
  for (const block of blocks(ordering, sorted)) {
    for (const group of sorted) finder.visit(group, block);
  }
  return finder.pairs();
}

/** Some tasks, a bit each, and for all tasks the bits of those they depend on, directly or through others. */
interface Block {
  readonly words: number;
  /** By task its bit, or -1 for a task of another block. */
  readonly bitOf: Int32Array;
  /** The words of task `t` start at `t * words`. */
  readonly reached: Uint32Array;
}

class PairFinder {
  readonly #counts = [0, 0, 0];
  readonly #found: Pair[][] = [[], [], []];

  /** Each pair is found in the block that holds the earlier of its tasks. */
  visit(group: FileGroup, block: Block): void {
    const named: number[] = [];
    for (let at = 0; at < group.touches.length && named.length <= FEW; at++) {
      if (isNamed(group.touches[at])) named.push(at);
    }
    if (named.length <= FEW) this.#visitPairs(group, named, block);
    else this.#visitBits(group, block);
  }

  pairs(): Pairs {
    const listed = this.#found.flatMap((pairs) =>
      pairs.sort((a, b) => a.first - b.first || a.second - b.second || (a.at < b.at ? -1 : 1))
    );
    const [writeWrite, readWrite, readRead] = this.#counts;
    return { listed, counts: { "write-write": writeWrite, "read-write": readWrite, "read-read": readRead } };
  }

  /** Looks at each pair of one that names it and another. */
  #visitPairs({ members, touches, name }: FileGroup, named: readonly number[], { words, bitOf, reached }: Block): void {
    for (const at of named) {
      for (let other = 0; other < members.length; other++) {
        // Of two that both name it, the one that comes first finds the pair.
        if (other === at || (other < at && isNamed(touches[other]))) continue;
        const early = Math.min(at, other), late = Math.max(at, other);
        const bit = bitOf[members[early]];
        if (bit < 0 || reached[members[late] * words + (bit >> 5)] & (1 << (bit & 31))) continue;
        const meeting = TABLE[touches[early] * 9 + touches[late]];
        if (meeting > 0) this.#add(meeting - 1, [members[early], members[late]], name);
      }
    }
  }

  /** Goes through the members in order, with the earlier ones of this block as a set for each way to touch. */
  #visitBits({ members, touches, name }: FileGroup, { words, bitOf, reached }: Block): void {
    const earlier = new Map<number, BitSet>();
    const taskOf = new Int32Array(words * 32);
    members.forEach((task, at) => {
      for (const [touch, set] of earlier) {
        const meeting = TABLE[touch * 9 + touches[at]];
        if (meeting === 0) continue;
        if (this.#isFull(meeting - 1)) this.#counts[meeting - 1] += set.countWithout(reached, task * words);
        else set.visitWithout(reached, task * words, (bit) => this.#add(meeting - 1, [taskOf[bit], task], name));
      }
      const bit = bitOf[task];
      if (bit < 0) return;
      taskOf[bit] = task;
      if (!earlier.has(touches[at])) earlier.set(touches[at], new BitSet(words));
      earlier.get(touches[at])!.add(bit);
    });
  }

  #add(kind: number, [a, b]: readonly [number, number], at: string): void {
    this.#counts[kind]++;
    if (this.#isFull(kind)) return;
    this.#found[kind].push({ first: Math.min(a, b), second: Math.max(a, b), at, meeting: MEETINGS[kind] });
  }

  #isFull(kind: number): boolean {
    return this.#found[kind].length >= LISTED[MEETINGS[kind]];
  }
}

function inOrder({ name, members, touches }: FileGroup, position: Int32Array): FileGroup {
  const places = [...members.keys()].sort((a, b) => position[members[a]] - position[members[b]]);
  return { name, members: places.map((at) => members[at]), touches: places.map((at) => touches[at]) };
}

/** Bits for all members of groups, in topological order, as many at a time as memory is meant for. */
function* blocks({ graph, order }: Ordering, groups: readonly FileGroup[]): Generator<Block> {
  const { size, dependencyStart, dependencies } = graph;
  const isMember = new Uint8Array(size);
  for (const { members } of groups) for (const task of members) isMember[task] = 1;
  const asked = order.filter((task) => isMember[task] === 1);
  const words = Math.max(1, Math.min(Math.ceil(asked.length / 32), Math.floor(MOST_WORDS / Math.max(1, size))));
  const reached = new Uint32Array(size * words);
  const bitOf = new Int32Array(size);
  for (let start = 0; start < asked.length; start += words * 32) {
    bitOf.fill(-1);
    const end = Math.min(asked.length, start + words * 32);
    for (let at = start; at < end; at++) bitOf[asked[at]] = at - start;
    reached.fill(0);
    for (const task of order) {
      const row = task * words;
      for (let at = dependencyStart[task]; at < dependencyStart[task + 1]; at++) {
        const dependency = dependencies[at], from = dependency * words;
        for (let word = 0; word < words; word++) reached[row + word] |= reached[from + word];
        const bit = bitOf[dependency];
        if (bit >= 0) reached[row + (bit >> 5)] |= 1 << (bit & 31);
      }
    }
    yield { words, bitOf, reached };
  }
}

function meetingTable(): Uint8Array {
  const table = new Uint8Array(81);
  const touches = [NONE, READS, WRITES].flatMap((own) => [READS, WRITES].map((inAll) => ({ own, inAll })));
  for (const a of touches) {
    for (const b of touches) {
      const worst = Math.max(meet(a.own, b.inAll), meet(a.inAll, b.own));
      table[touchOf(a.own, a.inAll) * 9 + touchOf(b.own, b.inAll)] = worst;
    }
  }
  // The worst has the lowest index.
  return table.map((worst) => worst === 0 ? 0 : 4 - worst);

  /** 0 for no meeting, else 1 + how many of the two write. */
  function meet(a: number, b: number): number {
    return a === NONE || b === NONE ? 0 : 1 + (a === WRITES ? 1 : 0) + (b === WRITES ? 1 : 0);
  }
}

function isNamed(touch: number): boolean {
  return touch >= touchOf(READS, NONE);
}
