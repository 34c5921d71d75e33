/**
 * Owns the workloads of the store: what it costs to put an artifact there, beside what a build does anyway, and to take all
 * of a project's artifacts out of it, beside the commands that made them.
 *
 * @module
 */
import { contest, timeTroupe } from "./contest.ts";
import { sha256 } from "../graph/digest.ts";
import { putBlob } from "../actors/storage/blobs.ts";
import type { StorePlace } from "../actors/store/place.ts";
import { Store } from "../actors/store/store.ts";
import { independentProject } from "./projects.ts";
import { type Bench, each, type Row, type Workload } from "./workload.ts";

export const STORE_WORKLOADS: readonly Workload[] = [
  { name: "store-put", run: puts },
  { name: "store-restore", run: restores },
];

const SIZE = 2000;

/** Milliseconds an artifact. */
const MOST_PUT = 0.03;

async function puts({ space, turns }: Bench): Promise<Row[]> {
  const linked: number[] = [], again: number[] = [];
  for (let turn = 0; turn < turns.most; turn++) {
    const folder = space.folder("store-put");
    const digests = Array.from({ length: SIZE }, (_, i) => {
      const text = `artifact ${i} of turn ${turn}\n`;
      Deno.writeTextFileSync(`${folder}/${i}`, text);
      return sha256(text);
    });
    linked.push(await put(folder, digests));
    again.push(await put(folder, digests));
  }
  const row = (workload: string, values: number[]): Row => ({
    workload,
    unit: "ms",
    troupe: each(values, SIZE),
    goal: { kind: "amount", most: MOST_PUT },
  });
  return [
    row("put an artifact of a few bytes into the store: its blob and its record", linked),
    row("the same when its blob is there", again),
  ];
}

/** What a worker does for each blob, and the main thread for each record. */
async function put(folder: string, digests: readonly string[]): Promise<number> {
  const place: StorePlace = { root: `${folder}/store`, isOwn: false, limit: Infinity, days: Infinity };
  const store = await Store.open(place);
  if (typeof store === "string") throw new Error(store);
  const begun = performance.now();
  for (const [i, digest] of digests.entries()) {
    const detail = putBlob(store.blobs, `${folder}/${i}`, { sha256: digest, origin: "placed" });
    if (detail !== undefined) throw new Error(detail);
    const artifact = { path: `out/${i}`, kind: "file", sha256: digest, size: 20, mode: 0o644 } as const;
    store.enter(store.key(digest), { outputs: [artifact], durationMs: 1 });
  }
  store.flush();
  const ms = performance.now() - begun;
  store.close();
  return ms;
}

async function restores(bench: Bench): Promise<Row[]> {
  const { folder } = independentProject(bench.space, SIZE);
  await timeTroupe(folder, ["-q"]);
  let aside = 0, commands = "";
  const found = await contest([
    {
      name: "restores",
      prepare: () => {
        Deno.renameSync(`${folder}/out`, `${folder}/aside-${++aside}`);
        Deno.removeSync(`${folder}/.build_cache.json`);
      },
      turn: () => timeTroupe(folder, ["-q", "--no-history"]),
    },
    {
      name: "commands",
      prepare: () => commands = independentProject(bench.space, SIZE).folder,
      turn: () => timeTroupe(commands, ["-q", "--no-history", "--no-store"]),
    },
    {
      name: "commands, put",
      prepare: () => commands = independentProject(bench.space, SIZE).folder,
      turn: () => timeTroupe(commands, ["-q", "--no-history"]),
    },
  ], bench.turns);
  const peer = { name: "troupe --no-store", values: found.get("commands") };
  return [
    {
      workload: `${SIZE} artifacts out of the store, beside making them by cat`,
      unit: "ms",
      troupe: found.get("restores")!,
      peer,
      goal: { kind: "ratio", most: 1 },
    },
    { workload: `full build of ${SIZE} cat, into the store`, unit: "ms", troupe: found.get("commands, put")!, peer },
  ];
}
