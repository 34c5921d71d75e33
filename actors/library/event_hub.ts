/**
 * Owns those who listen to an execution: each gets every event from the moment it began to listen, at its own pace.
 * Nothing is kept while nobody listens, nor for one who has stopped.
 *
 * @module
 */
import type { ExecutionEvent } from "../../graph/library/execution_event.ts";

/** Any number of listeners. */
export class EventHub {
  readonly #listeners = new Set<ReadableStreamDefaultController<ExecutionEvent>>();

  /** Begins to listen. What is not read yet waits in the stream, however much it is; to cancel it is to stop. */
  listen(): ReadableStream<ExecutionEvent> {
    let listener: ReadableStreamDefaultController<ExecutionEvent>;
    return new ReadableStream({
      start: (controller) => {
        listener = controller;
        this.#listeners.add(controller);
      },
      cancel: () => {
        this.#listeners.delete(listener);
      },
    });
  }

  /** Tells all who listen. */
  tell(event: ExecutionEvent): void {
    for (const listener of this.#listeners) listener.enqueue(event);
  }

  /** There is nothing more to tell. */
  end(): void {
    for (const listener of this.#listeners) listener.close();
    this.#listeners.clear();
  }
}
