// How many threads a pool starts for commands: few while CPUs are busy, all when tasks wait for something, or last.
import { assertEquals } from "@std/assert";
import { CommandGrowth, type Runner } from "../../../actors/engine/command_growth.ts";
import { until } from "../../faults/rig.ts";

const SHORT: Runner = { isReady: true, sameMs: 3 };
const WAITING: Runner = { isReady: true, sameMs: 40 };
const LASTING: Runner = { isReady: true, sameMs: 120 };
const STARTING: Runner = { isReady: false, sameMs: 900 };

/** The growth of a pool of at most 12 on two processors, for tasks that always wait. */
class Stage implements Disposable {
  share: number | undefined = 1;
  expectedMs: readonly number[] = [];
  /** How often it was asked how busy the processors are. */
  looks = 0;
  readonly members: Runner[] = [];
  /** How many threads there were each time that there could be more. */
  readonly told: number[] = [];
  readonly growth: CommandGrowth = new CommandGrowth({
    members: () => this.members,
    most: () => 12,
    processors: 2,
    cpuShare: () => {
      this.looks++;
      return this.share;
    },
    onMore: () => {
      this.told.push(this.members.length);
      this.fill();
    },
  });

  /** Starts as many as it may. */
  fill(): void {
    while (this.members.length < 12 && !this.growth.areEnough({ left: 99, expectedMs: this.expectedMs })) {
      this.members.push(SHORT);
    }
  }

  async looksAgain(): Promise<void> {
    const before = this.looks;
    await until(() => this.looks >= before + 2, "the processors are looked at");
  }

  [Symbol.dispose](): void {
    this.growth.stop();
  }
}

// S7.1, S0.13
Deno.test("there are as many threads as processors, and twice as many each time these are idle, up to all", async () => {
  using stage = new Stage();
  stage.share = 0.3;
  stage.fill();
  assertEquals(stage.members.length, 2);
  await until(() => stage.members.length === 12, "there are all");
  assertEquals(stage.told, [2, 4, 8]);
});

// S7.1
Deno.test("of threads that leave a part of the processors idle there are soon as many more as that part takes", async () => {
  using stage = new Stage();
  stage.share = 0.8;
  stage.fill();
  await until(() => stage.told.length === 3, "there were more three times");
  assertEquals(stage.told, [2, 3, 4]);
  stage.growth.stop();
  assertEquals(stage.members.length, 5);
});

// S0.13, S7.13
Deno.test("there are all threads at once when processors are idle since all tasks wait for something", async () => {
  using stage = new Stage();
  stage.share = 0.1;
  stage.fill();
  stage.members.fill(WAITING);
  await until(() => stage.members.length === 12, "there are all");
  assertEquals(stage.told, [2]);
});

// S7.1, S7.7
Deno.test("while processors are busy two more threads are started for each task that lasts, and no other", async () => {
  using stage = new Stage();
  stage.fill();
  await stage.looksAgain();
  assertEquals([stage.members.length, stage.told], [2, []]);
  stage.members.splice(0, 2, LASTING, SHORT);
  await until(() => stage.members.length === 4, "there are two more");
  stage.members.splice(0, 4, SHORT, SHORT, LASTING, WAITING);
  await stage.looksAgain();
  assertEquals(stage.told, [2]);
  stage.members.fill(LASTING);
  await until(() => stage.members.length === 10, "there are eight more than processors");
  assertEquals(stage.told, [2, 4]);
});

// S0.13, S7.13
Deno.test("there is a thread more at once for each waiting task that is known to last", () => {
  using stage = new Stage();
  stage.expectedMs = [900, 10, 99, 100, 10];
  stage.fill();
  assertEquals([stage.members.length, stage.looks], [4, 1]);
  stage.expectedMs = new Array(30).fill(1000);
  stage.fill();
  assertEquals(stage.members.length, 12);
});

// S0.13
Deno.test("there are all threads where nobody can tell how busy processors are", async () => {
  using stage = new Stage();
  stage.share = undefined;
  stage.fill();
  await until(() => stage.members.length === 12, "there are all");
});

Deno.test("no further threads are started while one that was has not got ready, or when no task waits", async () => {
  using starting = new Stage(), resting = new Stage();
  for (const stage of [starting, resting]) {
    stage.share = 0;
    stage.fill();
  }
  starting.members[1] = STARTING;
  resting.growth.rest();
  await starting.looksAgain();
  await starting.looksAgain();
  assertEquals([starting.told, resting.told, resting.looks], [[], [], 1]);
  starting.members[1] = SHORT;
  await until(() => starting.members.length === 12, "there are all");
});
