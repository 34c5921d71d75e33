import { assertEquals } from "@std/assert";
import { describeLoad, headroom } from "../../../graph/schedule/headroom.ts";

// S1.8
Deno.test("headroom() is none above a limit, and at least one task below it", () => {
  const limits = { cpu: 0.8, memory: 0.7 };
  assertEquals(headroom({ cpu: 0.81, memory: 0.1 }, limits, 8), 0);
  assertEquals(headroom({ cpu: 0.1, memory: 0.71 }, limits, 8), 0);
  assertEquals(headroom({ cpu: 0.8, memory: 0.7 }, limits, 8), 1);
  assertEquals(headroom({ cpu: 0.79 }, limits, 8), 1);
});

Deno.test("headroom() is one task for each CPU that the limit leaves idle", () => {
  assertEquals(headroom({ cpu: 0.3 }, { cpu: 0.8 }, 8), 4);
  assertEquals(headroom({ cpu: 0 }, { cpu: 0.8 }, 2), 1);
  assertEquals(headroom({ memory: 0.3, cpu: 1 }, { memory: 0.7 }, 8), 8);
});

Deno.test("headroom() does not limit by what is not known", () => {
  assertEquals(headroom({}, { cpu: 0.1, memory: 0.1 }, 4), 4);
});

// S1.21
Deno.test("describeLoad() tells what is known", () => {
  assertEquals(describeLoad({ cpu: 0.714, memory: 0.4 }), "CPU at 71 %, memory at 40 %");
  assertEquals(describeLoad({ memory: 1 }), "memory at 100 %");
  assertEquals(describeLoad({}), "");
});
