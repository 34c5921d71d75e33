import { assertEquals } from "@std/assert";
import { slurmLine, slurmPlace } from "../../../graph/crew/slurm.ts";

function placeBy(variables: Record<string, string>) {
  return slurmPlace((name) => variables[name]);
}

const BATCH = { SLURM_JOB_ID: "18", SLURMD_NODENAME: "n2", SLURM_PROCID: "0" };
const ARRAY = { ...BATCH, SLURM_ARRAY_JOB_ID: "17", SLURM_ARRAY_TASK_ID: "5", SLURM_CPUS_PER_TASK: "4" };

// S9.1
Deno.test("slurmPlace() names a member by job, array task, process of a step, and restart", () => {
  assertEquals(placeBy(BATCH), { identifier: "slurm-18", title: "Slurm job 18, on n2" });
  assertEquals(placeBy(ARRAY), { identifier: "slurm-17_5", cpus: 4, title: "Slurm job 17, array task 5, on n2" });
  assertEquals(placeBy({ ...ARRAY, SLURM_RESTART_COUNT: "1" })?.identifier, "slurm-17_5-r1");
  assertEquals(placeBy({ ...ARRAY, SLURM_RESTART_COUNT: "0" })?.identifier, "slurm-17_5");
  assertEquals(placeBy({ ...BATCH, SLURM_STEP_ID: "0", SLURM_PROCID: "2", SLURM_RESTART_COUNT: "3" }), {
    identifier: "slurm-18.0.2-r3",
    title: "Slurm job 18, step 0, process 2, restart 3, on n2",
  });
});

// S9.1
Deno.test("slurmPlace() knows no place outside of Slurm, and in the shell of an allocation", () => {
  assertEquals(placeBy({}), undefined);
  assertEquals(placeBy({ SLURM_JOB_ID: "18" }), undefined, "an allocation's shell, in which many may be started");
  assertEquals(placeBy({ SLURMD_NODENAME: "n2", SLURM_JOB_ID: "" }), undefined);
});

// S9.1
Deno.test("slurmPlace() takes no number of CPUs that is none", () => {
  for (const SLURM_CPUS_PER_TASK of ["", "0", "-1", "many", "1.5"]) {
    assertEquals(placeBy({ ...BATCH, SLURM_CPUS_PER_TASK })?.cpus, undefined, SLURM_CPUS_PER_TASK);
  }
});

// S9.1
Deno.test("slurmLine() says who it is and how much at once, where that is known", () => {
  const place = placeBy(ARRAY)!;
  const who = "Member 'slurm-17_5' of Slurm job 17, array task 5, on n2";
  assertEquals(slurmLine(place, { identifier: place.identifier, workers: 4 }), `${who}: 4 tasks at once`);
  assertEquals(slurmLine(place, { identifier: place.identifier, workers: 1 }), `${who}: 1 task at once`);
  assertEquals(slurmLine(place, { identifier: "mine" }), "Member 'mine' of Slurm job 17, array task 5, on n2");
});
