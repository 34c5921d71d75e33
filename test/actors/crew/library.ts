/**
 * Owns what tests of the crew as a library share: crews on one database, closed at the end.
 *
 * @module
 */
import { assert } from "@std/assert";
import { Crew } from "../../../actors/crew/crew.ts";
import { CrewTask, type CrewTaskInit } from "../../../actors/crew/crew_task.ts";
import type { CrewOptions } from "../../../actors/crew/options.ts";
import { CrewPlace } from "./rig.ts";

/** What a test is given. */
export interface Scene {
  readonly place: CrewPlace;
  /** A crew on the place's database. */
  crew<Item>(items: Iterable<Item> | AsyncIterable<Item>, options?: CrewOptions): Crew<Item>;
}

/** A test with a database that is made by the first loop, and that must be sound at its end. */
export function libraryTest(name: string, body: (scene: Scene) => Promise<void>): void {
  Deno.test(name, async () => {
    using place = new CrewPlace();
    await using crews = new AsyncDisposableStack();
    await body({ place, crew: (items, options) => crews.use(new Crew(items, { db: place.path, ...options })) });
    await crews.disposeAsync();
    if (place.temp.has("crew.sqlite")) place.assertSound();
  });
}

/** `task_0`, `task_1` and so on; the data of each is its number. */
export function tasks(count: number, choices: Partial<CrewTaskInit<number>> = {}): CrewTask<number>[] {
  return Array.from({ length: count }, (_, i) => new CrewTask({ ...choices, id: `task_${i}`, data: i }));
}

/** All that a loop is given, by id. */
export async function idsOf(crew: AsyncIterable<CrewTask>): Promise<string[]> {
  return (await Array.fromAsync(crew)).map(({ id }) => id);
}

/** Waits for something to become so. */
export async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!await isSo()) {
    assert(performance.now() < deadline, "not so within 10 s");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
