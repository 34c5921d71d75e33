import { assert, assertEquals, assertFalse } from "@std/assert";
import { labelsOf, meets, NO_REQUIREMENTS, requirementsText } from "../../../graph/crew/requirements.ts";

// S3.33
Deno.test("requirementsText() is the same for the same set, and meets() asks for all of it", () => {
  assertEquals(requirementsText([]), NO_REQUIREMENTS);
  assertEquals(requirementsText(["b", "a", "b"]), requirementsText(new Set(["a", "b"])));
  assertEquals(labelsOf(requirementsText(['"', "é,"])), ['"', "é,"]);
  const both = requirementsText(["gpu", "big"]);
  assert(meets(new Set(["big", "gpu", "x"]), both));
  assertFalse(meets(new Set(["gpu"]), both));
  assertFalse(meets(new Set(), both));
  assert(meets(new Set(), NO_REQUIREMENTS));
});
