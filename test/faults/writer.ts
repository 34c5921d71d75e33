/**
 * Owns a thread that publishes an artifact over and over as one of several writers of one path.
 *
 * @module
 */
import { publishContent } from "../../actors/storage/artifact.ts";
import { temporaryPath } from "../../actors/storage/temporaries.ts";
import { filled } from "./poller.ts";

/** What it is told. */
export interface Order {
  readonly path: string;
  readonly writer: number;
  readonly times: number;
}

const scope = self as unknown as {
  onmessage: (event: MessageEvent<Order>) => void;
  postMessage(failures: unknown[]): void;
};

scope.onmessage = ({ data: { path, writer, times } }) => {
  const failures = [];
  for (let version = 0; version < times; version++) {
    const target = { folder: "/", path, name: "shared", temporary: temporaryPath(path, writer) };
    const publication = publishContent(target, filled(`writer ${writer}`, version));
    if ("failure" in publication) failures.push(publication.failure);
  }
  scope.postMessage(failures);
};
