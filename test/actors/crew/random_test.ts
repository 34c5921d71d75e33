// Random graphs worked off by random members with random mishaps; after every act the database must be sound.
import { assert, assertEquals } from "@std/assert";
import type { Claim } from "../../../actors/crew/store/claims.ts";
import { type Random, randomFrom, seedFor } from "../../random.ts";
import { type CrewPlace, crewTest, entry, type Mate } from "./rig.ts";

const RETRIES = { maxFailedRetries: 3, maxKilledRetries: 3 };

interface Living {
  readonly mate: Mate;
  readonly claims: Claim[];
}

function randomTasks(random: Random, count: number) {
  const labels = ["x", "y"];
  return Array.from({ length: count }, (_, rank) =>
    entry(`t${rank}`, {
      rank,
      dependencies: Array.from({ length: count }, (_, i) => `t${i}`).slice(0, rank).filter(() =>
        random.chance(3 / count)
      ),
      requirements: labels.filter(() => random.chance(0.2)),
      maxParallelWorkers: random.chance(0.2) ? 2 : 1,
      fingerprint: random.chance(0.7) ? "0" : undefined,
    }));
}

async function newMember(place: CrewPlace, store: Mate["store"], labels: string[]): Promise<Living> {
  return { mate: await place.mate(store, { ...RETRIES, labels, enableFingerprints: true }), claims: [] };
}

// S3.39, S3.36, S3.11
crewTest(
  "random graphs, members, failures, deaths, changes and comebacks end with every task done",
  async (place, store) => {
    const random = randomFrom(seedFor("crew"));
    let tasks = randomTasks(random, 60);
    const members: Living[] = [];
    const dead: Living[] = [];
    await store.register(random.shuffled(tasks), "invalidates");
    const acts: (() => Promise<unknown>)[] = [
      async () => members.push(await newMember(place, store, ["x", "y"].filter(() => random.chance(0.5)))),
      async () => {
        const member = random.pick(members);
        member?.claims.push(...await member.mate.take(1 + random.below(3)));
      },
      async () => {
        const member = random.pick(members), claim = member?.claims.pop();
        const ending = random.pick(["completed", "completed", "completed", "failed", "cancelled"] as const);
        if (claim !== undefined) assert(await member.mate.ends(claim, ending));
      },
      async () => {
        if (!random.chance(0.2) || members.length === 0) return;
        const [member] = members.splice(random.below(members.length), 1);
        if (random.chance(0.3)) return member.mate.leaves();
        assert(await member.mate.dies());
        dead.push(member);
      },
      async () => {
        const member = random.pick(dead), claim = member?.claims[0];
        if (claim !== undefined) assertEquals(await member.mate.ends(claim), false);
      },
      async () => {
        if (!random.chance(0.1)) return;
        const changed = random.below(tasks.length);
        tasks = tasks.map((task, i) => i === changed ? { ...task, fingerprint: String(random.below(3)) } : task);
        await store.register(random.shuffled(tasks), "invalidates");
      },
      () => random.chance(0.1) ? store.pruneStatusHistory(3) : Promise.resolve(),
    ];
    for (let act = 0; act < 600; act++) {
      await random.pick(acts)();
      if (act % 20 === 0) place.assertSound();
    }
    for (const { mate, claims } of members) for (const claim of claims) await mate.ends(claim);
    const all = await newMember(place, store, ["x", "y"]);
    const patient = { maxFailedRetries: 1e6, maxKilledRetries: 1e6 };
    await store.reopen(patient);
    await all.mate.takesAll();
    place.assertSound();
    const records = await store.tasks();
    assertEquals(records.filter(({ state }) => state !== "completed"), []);
    for (const { id, fingerprint } of tasks) {
      const last = (await store.task(id))!.lastFingerprint;
      if (fingerprint !== undefined) assertEquals(last, fingerprint, `'${id}' was done with what it was last`);
    }
  },
);
