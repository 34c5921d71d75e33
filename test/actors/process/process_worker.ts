/** A worker of process_test.ts: runs the shell text it is sent, and says when it has started and how it ended. */
import { startProcess } from "../../../actors/process/process.ts";

// the types in force are those of a window
const scope = self as unknown as Worker;

scope.addEventListener("message", async ({ data: text }: MessageEvent<string>) => {
  const running = startProcess({ argv: ["/bin/sh", "-c", text], cwd: "/", env: { PATH: "/usr/bin:/bin" } });
  scope.postMessage({ groupId: running.groupId });
  scope.postMessage({ ended: await running.ended });
});
