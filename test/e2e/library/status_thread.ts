/** A thread for status_test.ts: it reads how tasks of a build stand that goes on in another thread. */
import { BuildStatus, type SharedStatus } from "../../../actors/engine/build_status.ts";

/** The part of a worker's global scope that is used here. */
const scope = self as unknown as {
  onmessage: (event: MessageEvent<SharedStatus>) => void;
  postMessage(value: unknown): void;
};

scope.onmessage = async ({ data }) => {
  const status = new BuildStatus(data);
  const ending = status.settled("last");
  scope.postMessage([status.of("held"), status.of("last")]);
  scope.postMessage(await ending);
};
