/**
 * Owns the looks at the machine while a run goes on: twice a second what its CPUs and its memory bear, told as how many
 * more tasks may be started. It starts and holds back none itself.
 *
 * @module
 */
import { headroom, type LoadLimits, type LoadSample } from "../../graph/schedule/headroom.ts";
import { CpuMeter } from "./cpu_meter.ts";
import { memoryShare } from "./host_load.ts";

/** Half a second: long enough for the system's ticks of 10 ms to tell something. */
const LOOK_MS = 500;

/** One run's looks. */
export class LoadMonitor {
  readonly #limits: LoadLimits;
  readonly #onRoom: (room: number) => void;
  #meter: CpuMeter | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(limits: LoadLimits, onRoom: (room: number) => void) {
    this.#limits = limits;
    this.#onRoom = onRoom;
  }

  /** Tells what is known before anything has run: what idle CPUs would bear. Needs no timer. */
  begin(): void {
    this.#tell({ cpu: 0, memory: this.#memory() });
  }

  /** Begins to look. */
  start(): void {
    this.#meter = new CpuMeter();
    this.#timer = setInterval(() => this.#tell({ cpu: this.#meter?.share(), memory: this.#memory() }), LOOK_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #tell(sample: LoadSample): void {
    this.#onRoom(headroom(sample, this.#limits, navigator.hardwareConcurrency));
  }

  #memory(): number | undefined {
    return this.#limits.memory === undefined ? undefined : memoryShare();
  }
}
